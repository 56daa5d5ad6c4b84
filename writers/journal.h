/* SPDX-License-Identifier: BSD-3-Clause */
/* The journal: what happened to a recording, line by line, while it is open; the sidecar is made of it.
 *
 *   M {"version":1,"room":"demo",…}\n      first line: what the file is
 *   G {"at":"…","rtp":…,"seq":…,"packets":3,"cause":"network"}\n
 *   C {"unix_ns":…,"ntp_unix_ns":…,"rtp":…}\n
 *   Z {"reason":"idle","frames":…,…}\n     last line: the final figures
 *
 * A line counts when it is whole: one object, printable, ending in a newline. A torn last line is left out. Memory does
 * not grow with the number of lines.
 */
#ifndef WRITERS_JOURNAL_H
#define WRITERS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum journal_kind {
	JOURNAL_META = 'M',  /* fields of the sidecar's top level */
	JOURNAL_GAP = 'G',   /* sidecar: "gaps" */
	JOURNAL_CLOCK = 'C', /* sidecar: "clock", sender reports */
	JOURNAL_EVENT = 'E', /* sidecar: "events": epoch, ssrc, broken frame, skipped frames, … */
	JOURNAL_SIZE = 'S',  /* sidecar: "sizes": picture sizes */
	JOURNAL_END = 'Z',   /* fields of the sidecar's top level */
};

#define JOURNAL_LINE_BYTES 4096 /* the longest line */

#endif
