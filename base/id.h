/* SPDX-License-Identifier: BSD-3-Clause */
/* Random identifiers. Any thread, unless they are seeded. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stddef.h>
#include <stdint.h>

/* Fill @buf with @len bytes of the kernel's randomness (getrandom); never fails, aborts if the kernel has
 * none. */
void id_random(void *buf, size_t len);

/* From here on what is random follows from @seed alone, the same in every run: for a program that is to do a
 * thing twice in the same way, and keeps no secrets. Before any thread that asks for randomness; one thread
 * at a time from here on. */
void id_seed(uint64_t seed);

/* Write prefix + 20 characters of base32 (100 random bits) + NUL: "s_" makes a session id.
 * @size is that of @buf, at least strlen(prefix) + 21. */
void id_make(char *buf, size_t size, const char *prefix);

#endif
