/* SPDX-License-Identifier: BSD-3-Clause */
/* RTCP on the wire: compound packets in (SR, RR, SDES, BYE; RFC 3550 section 6; DLRR, RFC 3611 section 4.5),
 * and what a receiver sends out: RR, SDES CNAME, and the feedback of RFC 4585, RFC 5104, RFC 3611 and REMB
 * (rtcp_feedback.c). Hot-path safe; any thread.
 *
 *   |V=2|P|  count  |      PT       |   length in words, less one   |
 *   |                    SSRC of the packet's sender                | ...
 */
#ifndef BASE_RTCP_H
#define BASE_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTCP_SR    200
#define RTCP_RR    201
#define RTCP_SDES  202
#define RTCP_BYE   203
#define RTCP_APP   204
#define RTCP_RTPFB 205
#define RTCP_PSFB  206
#define RTCP_XR    207

/* What a recorder wants of a compound packet: told to the callbacks, any of which may be NULL. */
struct rtcp_handlers {
	/* A sender report: the sender's NTP time (32.32) and its RTP time at the same instant, and its
	 * counts. */
	void (*sender_report)(
	        void *arg, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time, uint32_t packets, uint32_t bytes);
	/* One of the SSRCs that a BYE names. */
	void (*bye)(void *arg, uint32_t ssrc);
	/* A PLI or FIR about @media_ssrc (what a sender of ours listens for). */
	void (*key_frame_request)(void *arg, uint32_t media_ssrc);
	/* One report block about @ssrc: fraction lost (of 256), cumulative loss (signed 24 bit). */
	void (*report_block)(void *arg, uint32_t ssrc, uint8_t fraction_lost, int32_t lost,
	        uint32_t highest_seq, uint32_t jitter);
	/* The answer to a receiver reference time of @ssrc: the middle of its NTP time, and how long the
	 * sender kept it, in 1/65536 s (RFC 3611 section 4.5). */
	void (*delay_since_reference)(void *arg, uint32_t ssrc, uint32_t last_rr, uint32_t delay);
	void *arg;
};

/* Walk a decrypted compound packet (RFC 3550 A.2: version, lengths that add up; the first being SR or RR is
 * not asked, RFC 5506 allows reduced size; counts that fit, padding in the last packet only, at most
 * LIMIT_RTCP_COMPOUND packets). Callbacks run only when the whole is sound. 0 or -EBADMSG. */
int rtcp_parse(const uint8_t *data, size_t len, const struct rtcp_handlers *handlers);

/* SSRC of the sender of the first packet: readable in SRTCP too. 0 or -EBADMSG. */
int rtcp_sender_ssrc(const uint8_t *data, size_t len, uint32_t *ret_ssrc);

struct rtcp_report_block {
	uint32_t ssrc;
	uint8_t fraction_lost;
	int32_t lost; /* cumulative, clamped to 24 bit */
	uint32_t highest_seq, jitter, last_sr, delay_since_sr;
};

/* Append to @out (of @size bytes, @len used): the new length, or 0 when there is no room. Together they make
 * a compound packet that begins with a report, as RFC 3550 section 6.1 asks. */
size_t rtcp_build_rr(uint8_t *out, size_t size, size_t len, uint32_t ssrc,
        const struct rtcp_report_block *blocks, unsigned count);
size_t rtcp_build_sr(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time,
        uint32_t packets, uint32_t bytes);
size_t rtcp_build_sdes(uint8_t *out, size_t size, size_t len, uint32_t ssrc, const char *cname);
size_t rtcp_build_pli(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc);
/* FIR about one stream; @seq grows with each new request (RFC 5104 section 4.3.1). */
size_t rtcp_build_fir(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc, uint8_t seq);
/* Generic NACK (RFC 4585 section 6.2.1) about @count numbers in ascending order (modulo 2^16); as many of
 * them as there is room for, *ret_taken. */
size_t rtcp_build_nack(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc,
        const uint16_t *seqs, unsigned count, unsigned *ret_taken);
/* Receiver estimated maximum bitrate, about @count streams (draft-alvestrand-rmcat-remb-03 section 2.2). */
size_t rtcp_build_remb(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint64_t bits_per_s,
        const uint32_t *ssrcs, unsigned count);
/* Receiver reference time (RFC 3611 section 4.4). */
size_t rtcp_build_reference_time(uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint64_t ntp);
/* The header of a feedback packet of @bytes in all, a multiple of 4 of 12 at least, for those who write the
 * rest themselves: type is RTCP_RTPFB or RTCP_PSFB. NULL: no room. */
uint8_t *rtcp_put_feedback(uint8_t *out, size_t size, size_t len, uint8_t type, unsigned format, size_t bytes,
        uint32_t ssrc, uint32_t media_ssrc);
size_t rtcp_build_bye(uint8_t *out, size_t size, size_t len, uint32_t ssrc);

#endif
