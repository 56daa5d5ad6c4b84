/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/track_state.h"

/* The size of a key picture: of its highest layer. */
static void picture_size(const struct depay_piece *piece, uint16_t *ret_width, uint16_t *ret_height)
{
	bool layers = piece->layers > 1 && piece->layers_width && piece->layers_height;

	*ret_width = layers ? piece->layers_width : piece->width;
	*ret_height = layers ? piece->layers_height : piece->height;
}

/* Whether the key frame's sizes are others than those of the open file. A key frame without a scalability
 * structure says nothing about the upper layers. */
static bool size_changed(
        const struct track_file *file, const struct depay_piece *piece, uint16_t width, uint16_t height)
{
	if (piece->width != file->key_width || piece->height != file->key_height)
		return true;
	if (!piece->layers)
		return false;
	return piece->layers != (file->layers ? file->layers : 1) ||
	       (piece->layers > 1 && (width != file->width || height != file->height));
}

/* The file that a key frame goes into. */
int track_size_ready(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_video *v = &track->video;
	struct track_file *file = &track->file;
	uint16_t width, height;
	int err;

	picture_size(piece, &width, &height);
	if (!track_file_empty(track)) {
		const char *reason = NULL;

		if (size_changed(file, piece, width, height))
			reason = "size_change";
		else if (file->sequence != track_head_sequence(track))
			reason = "format_change";
		else if (track_file_full(track))
			reason = "max_size";
		if (!reason)
			return 0;
		track_file_end(track, reason, true);
	}
	err = track_file_begin(track, packet, v->time, width, height);
	if (err)
		return err;
	note_size(&track->note, packet, 0, width, height);
	return 0;
}

/* A size that a frame tells which is no key frame: an upper layer's, or the encoder scales between key
 * frames. */
void track_size_watch(struct track *track, const struct packet *packet, const struct depay_piece *piece)
{
	struct track_file *file = &track->file;

	if (!piece->width || (piece->key && !track->video.layers.frames) ||
	        (piece->width <= file->width && piece->height <= file->height))
		return;
	file->width = piece->width > file->width ? piece->width : file->width;
	file->height = piece->height > file->height ? piece->height : file->height;
	track->ops->set_size(file->mux, file->width, file->height);
	stat_set(track->slot, STAT_TRACK_width, file->width);
	stat_set(track->slot, STAT_TRACK_height, file->height);
	note_size(&track->note, packet, track->video.time - file->base, file->width, file->height);
}
