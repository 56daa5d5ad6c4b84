/* SPDX-License-Identifier: BSD-3-Clause */
/* What is whole in an Ogg Opus file that a crash left: mux_ogg's scan. Any thread. */
#ifndef WRITERS_MUX_OGG_SCAN_H
#define WRITERS_MUX_OGG_SCAN_H

#include <stdint.h>

struct mux_scan;

/* See mux_ops.scan. Uses ret_scan->tail as its buffer. */
int mux_ogg_scan(int fd, uint64_t size, struct mux_scan *ret_scan);

#endif
