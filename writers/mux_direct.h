/* SPDX-License-Identifier: BSD-3-Clause */
/* What containers share that put their frames straight into the segment and hold nothing back: a head at the
 * start of the file, known when it begins and written anew when it closes.
 *
 * A container with more state than this puts struct mux first in a struct of its own. All on the writer's
 * thread.
 */
#ifndef WRITERS_MUX_DIRECT_H
#define WRITERS_MUX_DIRECT_H

#include "writers/mux.h"

#define MUX_DIRECT_HEAD_BYTES 64

struct mux {
	struct segment *segment;
	size_t head_bytes; /* 0: the container has none */
	uint8_t head[MUX_DIRECT_HEAD_BYTES];
};

/* A mux of @bytes, zeros behind struct mux, and its head in the segment (@head_bytes 0: none, @head is not
 * looked at). 0, -ENOMEM or segment_append's errors; then nothing of it is left in the segment. */
int mux_direct_begin(
        struct mux **ret_mux, size_t bytes, struct segment *segment, const uint8_t *head, size_t head_bytes);

/* As in struct mux_ops. The frame is what was appended since the last one; the head that closes the file is
 * mux->head. */
int mux_direct_frame_append(struct mux *mux, const void *bytes, size_t len);
int mux_direct_frame_end(struct mux *mux, uint32_t duration);
void mux_direct_frame_cut(struct mux *mux);
void mux_direct_prefetch(const struct mux *mux, size_t len);
int mux_direct_flush(struct mux *mux);
bool mux_direct_holds(const struct mux *mux);
void mux_direct_finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes);

#endif
