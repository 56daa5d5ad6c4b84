/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel tells in small files of /proc and /sys. @root stands before every path: "" is this machine,
 * and a directory in which the files are laid out is another one. Main thread. */
#ifndef TOOLS_WIRESPOOL_SYSFILE_H
#define TOOLS_WIRESPOOL_SYSFILE_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSFILE_PATH_BYTES 4096

/* The file's beginning, up to @size - 1 bytes, without white space at its end. False: it cannot be read. */
bool sysfile_text(const char *root, char *ret_text, size_t size, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* A number in decimal, or with 0x. False: cannot be read, or none. */
bool sysfile_number(const char *root, int64_t *ret_number, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* A list of CPUs ("0-3,8"); an empty one is none. False: cannot be read, or no such list. */
bool sysfile_cpus(const char *root, cpu_set_t *ret_cpus, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
bool sysfile_parse_cpus(const char *text, cpu_set_t *ret_cpus);

/* The last part of what a link points to. False: no link. */
bool sysfile_link(const char *root, char *ret_name, size_t size, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

bool sysfile_exists(const char *root, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Call @each with every entry of a directory. False: there is none. */
bool sysfile_each(const char *root, const char *dir, void (*each)(void *arg, const char *entry), void *arg);

/* The value behind "@key:" or "@key=" at a line's beginning in a text of lines, without the white space
 * around it. False: there is no such line. */
bool sysfile_field(const char *text, const char *key, char *ret_value, size_t size);

#endif
