/* SPDX-License-Identifier: BSD-3-Clause */
/* What the generator itself could send at most (--ceiling): the same flows and packets, encrypted or from the
 * stock, as fast as they come and to nowhere. By the thread's CPU time, so that neighbours do not count. */
#ifndef TOOLS_GEN_GEN_CEILING_H
#define TOOLS_GEN_GEN_CEILING_H

#include "tools/gen/gen.h"

struct jsonw;

/* Measure gen->ceiling; gen->flows are used up unless there is a stock. 0 or -errno, logged. */
int gen_ceiling_measure(struct gen *gen);
/* Print it as a member of the object that is open, if it has been measured. */
void gen_ceiling_print(const struct gen *gen, struct jsonw *w);

#endif
