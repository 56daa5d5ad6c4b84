/* SPDX-License-Identifier: BSD-3-Clause */
/* How the picture is turned (3GPP TS 26.114 section 7.4.5): a device that is rotated. The pictures are kept
 * as they were sent; the sidecar says how to turn them. A sender that has told nothing does not turn them. */
#include "writers/track_state.h"

#include <stdio.h>

void track_orientation_packet(struct track *track, const struct packet *packet, uint64_t time)
{
	char line[NOTE_ORIENTATION_BYTES + 20], object[NOTE_ORIENTATION_BYTES];
	bool changed = packet->orientation != track->orientation;
	int len;

	track->orientation = packet->orientation;
	if (!changed || !track->file.segment)
		return;
	if (!track_file_empty(track)) {
		note_orientation(&track->note, packet, time - track->file.base);
		return;
	}
	/* The first picture's last packet tells it: it is how the file begins. */
	note_orientation_object(object, packet->orientation);
	len = snprintf(line, sizeof(line), "{\"orientation\":%s}", object);
	segment_note(track->file.segment, JOURNAL_META, line, (size_t)len);
}
