/* SPDX-License-Identifier: BSD-3-Clause */
/* A capture file, packet by packet: pcap and pcapng as libpcap reads them, from the links that
 * tools/replay/link.h knows. One thread. */
#ifndef REPLAY_CAPTURE_H
#define REPLAY_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "tools/replay/link.h"

#define CAPTURE_WHY_BYTES 320

struct capture;

struct capture_packet {
	const uint8_t *bytes; /* valid until the next one is read */
	uint32_t len;         /* that were captured, */
	uint32_t wire_len;    /* of so many */
	uint64_t unix_ns;
};

/* Open @path; a second one takes a stream, which it closes in any case. 0; -EINVAL: no capture, or of a link
 * that is not known; -errno. @ret_why is a sentence about it. */
int capture_open(struct capture **ret_capture, const char *path, char ret_why[CAPTURE_WHY_BYTES]);
int capture_open_stream(struct capture **ret_capture, FILE *stream, char ret_why[CAPTURE_WHY_BYTES]);

/* NULL is allowed. */
void capture_close(struct capture *capture);

enum link_kind capture_link(const struct capture *capture);

/* 1: there is one; 0: there are no more; -EBADMSG: the file ends within one, or is damaged: capture_damage.
 */
int capture_next(struct capture *capture, struct capture_packet *ret_packet);

/* What capture_next found wrong, as a sentence. */
const char *capture_damage(struct capture *capture);

#endif
