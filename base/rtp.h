/* SPDX-License-Identifier: BSD-3-Clause */
/* RTP on the wire (RFC 3550 section 5.1, RFC 8285), and telling it from its neighbours on a port (RFC 7983,
 * RFC 5761).
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   |                           timestamp                           |
 *   |                             SSRC                              |
 *   |                       CSRC x CC (0..15)                       |
 *   |  0xBEDE or 0x100n (X)         | length in 32-bit words        | extension elements, padding to a word
 *   | payload ...                          | padding, its length in the last byte (P)
 *
 * Hot-path safe: no allocation, no calls out. Any thread.
 */
#ifndef BASE_RTP_H
#define BASE_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_BYTES 12

enum rtp_class { RTP_CLASS_RTP, RTP_CLASS_RTCP, RTP_CLASS_STUN, RTP_CLASS_DTLS, RTP_CLASS_OTHER };

/* What a datagram is by its first two bytes: RFC 7983 section 7; RTP and RTCP by RFC 5761 section 4 (the
 * second byte 192..223 is RTCP). @len may be anything. */
enum rtp_class rtp_classify(const uint8_t *data, size_t len);

struct rtp_header {
	uint8_t payload_type, csrc_count;
	bool marker, padding;
	uint16_t seq;
	uint32_t timestamp, ssrc;
	uint16_t extension_profile; /* 0xBEDE, 0x1000..0x100F, other, 0: none */
	uint16_t extension_offset;  /* of the extension's elements */
	uint16_t extension_bytes;
	uint16_t payload_offset; /* past CSRCs and extension */
};

/* Parse the header of a possibly encrypted packet: padding is not looked at (it is encrypted). 0, or -EBADMSG
 * when version is not 2, or header, CSRCs or extension do not fit in @len. */
int rtp_parse(struct rtp_header *ret_header, const uint8_t *data, size_t len);

/* Length of the payload of a decrypted packet of @len bytes with padding taken off; -EBADMSG when the
 * padding's length is 0 or more than there is. May be 0. */
int rtp_payload_bytes(const struct rtp_header *header, const uint8_t *data, size_t len);

/* One element of a header extension (RFC 8285 sections 4.2, 4.3). */
struct rtp_extension {
	uint8_t id, len;
	const uint8_t *data;
};

/* List the elements; returns how many were stored (at most @max). What lies about its length ends the list.
 */
unsigned rtp_extensions(
        const struct rtp_header *header, const uint8_t *data, struct rtp_extension *ret_list, unsigned max);

/* Write a header without CSRCs or extension: RTP_HEADER_BYTES bytes. */
void rtp_build(
        uint8_t *out, uint8_t payload_type, bool marker, uint16_t seq, uint32_t timestamp, uint32_t ssrc);

/* The 64-bit value nearest to @reference whose low bits are @low: RTP times and sequence numbers that wrap.
 * Never negative: near 0 it stays in the first era. */
uint64_t rtp_unwrap32(uint64_t reference, uint32_t low);
uint64_t rtp_unwrap16(uint64_t reference, uint16_t low);

#endif
