/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/mux_direct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int put_head(struct mux *mux, const uint8_t *head, size_t head_bytes)
{
	int err = segment_append(mux->segment, head, head_bytes);

	if (err) {
		segment_cut(mux->segment);
		return err;
	}
	segment_commit(mux->segment);
	memcpy(mux->head, head, head_bytes);
	mux->head_bytes = head_bytes;
	return 0;
}

int mux_direct_begin(
        struct mux **ret_mux, size_t bytes, struct segment *segment, const uint8_t *head, size_t head_bytes)
{
	struct mux *mux = calloc(1, bytes);
	int err = 0;

	if (!mux)
		return -ENOMEM;
	mux->segment = segment;
	if (head_bytes)
		err = put_head(mux, head, head_bytes);
	if (err) {
		free(mux);
		return err;
	}
	*ret_mux = mux;
	return 0;
}

int mux_direct_frame_append(struct mux *mux, const void *bytes, size_t len)
{
	return segment_append(mux->segment, bytes, len);
}

int mux_direct_frame_end(struct mux *mux, uint32_t duration)
{
	segment_commit(mux->segment);
	return 0;
}

void mux_direct_frame_cut(struct mux *mux)
{
	segment_cut(mux->segment);
}

void mux_direct_prefetch(const struct mux *mux, size_t len)
{
	segment_prefetch(mux->segment, len);
}

int mux_direct_flush(struct mux *mux)
{
	return 0;
}

bool mux_direct_holds(const struct mux *mux)
{
	return false;
}

void mux_direct_finish(struct mux *mux, uint8_t ret_head[64], size_t *ret_head_bytes)
{
	memcpy(ret_head, mux->head, mux->head_bytes);
	*ret_head_bytes = mux->head_bytes;
	free(mux);
}
