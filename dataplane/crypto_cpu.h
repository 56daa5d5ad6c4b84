/* SPDX-License-Identifier: BSD-3-Clause */
/* Who does the ciphers in this process: intel-ipsec-mb, which needs a CPU with AES, carry-less multiplication
 * and SSE 4.2, as all of the last ten years have and virtual machines of old models have not; or OpenSSL (see
 * crypto_soft.h), at 13 to 38 times the cycles on a CPU without AES, and 3 to 5 times on one with. Keys are
 * laid out for one or the other, so there is one choice for all, made before the first key. */
#ifndef DATAPLANE_CRYPTO_CPU_H
#define DATAPLANE_CRYPTO_CPU_H

#include <stdbool.h>
#include <intel-ipsec-mb.h>

/* Whether intel-ipsec-mb is wanted where the CPU can do it, as it is unless told. Once, at start, before
 * anything else here. */
void crypto_cpu_choose(bool vector);

/* It is wanted, and the CPU can do it. Any thread. */
bool crypto_cpu_vector(void);

/* A manager of intel-ipsec-mb's implementation with the widest vectors that the CPU has. NULL: no memory.
 * Freed by free_mb_mgr. */
IMB_MGR *crypto_cpu_wide(void);

/* One whose SHA-1 takes a packet at a time, which is the faster way for some few. NULL: there is none on this
 * CPU, or no memory. */
IMB_MGR *crypto_cpu_narrow(void);

#endif
