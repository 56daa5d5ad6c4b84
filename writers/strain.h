/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the disk keeps up: told once when it does not, long before blocks run out, and once when it does
 * again.
 *
 * It does not when more than three quarters of the blocks are taken, or a write takes longer than what is
 * allowed (the flush interval: from then on a crash costs more than is promised). It does again when fewer
 * than half are taken and for STRAIN_CALM_NS no write took so long. Pure; one thread.
 */
#ifndef WRITERS_STRAIN_H
#define WRITERS_STRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include "base/clk.h"

#define STRAIN_CALM_NS (5 * CLK_NS_PER_S)

/* All zeros: it keeps up. */
struct strain {
	bool strained;
	uint64_t since_ns, last_slow_ns;
	uint64_t longest_ns; /* write since then */
};

struct strain_look {
	uint64_t now_ns;
	uint64_t block_bytes, pool_bytes; /* taken, of so many */
	uint64_t write_ns; /* how long the oldest write under way has taken so far; 0: none is */
	uint64_t allowed_ns;
};

enum strain_change { STRAIN_SAME, STRAIN_BEGINS, STRAIN_ENDS };

enum strain_change strain_look(struct strain *strain, const struct strain_look *look);

#endif
