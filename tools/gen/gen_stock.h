/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of which all packets are made beforehand (--prepare): the flows play once to tell how much there is,
 * once into the stock, and the stock is sent. Interrupted, they play a third time, up to what has been sent,
 * and go on by themselves from there: so the account stays exact, and the run ends as any other does. */
#ifndef TOOLS_GEN_GEN_STOCK_H
#define TOOLS_GEN_GEN_STOCK_H

#include "tools/gen/gen.h"

/* Fill gen->stock. 0 or -errno, logged; -ENOSPC: it is more than options->prepare_mb. */
int gen_stock_fill(struct gen *gen);
/* Send the next of the stock. 0 or -errno. */
int gen_stock_step(struct gen *gen);
/* Let the flows go on where the stock has been sent to, which is between two steps. 0 or -errno, logged. */
int gen_stock_leave(struct gen *gen);

#endif
