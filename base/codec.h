/* SPDX-License-Identifier: BSD-3-Clause */
/* The codecs and SRTP profiles that are known by name: one row each, shared by the API, the messages and the files. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

/* CODEC(ID, name in SDP, extension of its files, video, clock rate of its RTP payload) — RFC 7741 section 6.1, RFC 9628
 * section 7, RFC 7587 section 4.1, AV1's RTP specification section 7.2, RFC 6184 section 8.2.1, RFC 3551 section 4.5.14 */
#define CODEC_TABLE(CODEC)                     \
	CODEC(VP8, "VP8", "ivf", true, 90000)  \
	CODEC(VP9, "VP9", "ivf", true, 90000)  \
	CODEC(OPUS, "opus", "ogg", false, 48000) \
	CODEC(AV1, "AV1", "ivf", true, 90000)  \
	CODEC(H264, "H264", "h264", true, 90000) \
	CODEC(PCMU, "PCMU", "wav", false, 8000) \
	CODEC(PCMA, "PCMA", "wav", false, 8000)

#define CODEC_ENUM(id, ...) CODEC_##id,
enum codec { CODEC_TABLE(CODEC_ENUM) CODECS };

struct codec_info {
	const char *name, *ext;
	bool video;
	uint32_t clock_rate;
};

/* The row of a codec. Static storage. */
static inline const struct codec_info *codec_info(enum codec codec)
{
#define CODEC_ROW(id, name, ext, video, clock_rate) { name, ext, video, clock_rate },
	static const struct codec_info rows[] = { CODEC_TABLE(CODEC_ROW) };
#undef CODEC_ROW
	return &rows[codec];
}

/* The most channels that are taken: 0 for video. */
static inline unsigned codec_channels(enum codec codec)
{
	return codec_info(codec)->video ? 0 : codec == CODEC_OPUS ? 2 : 1;
}

/* All names in SDP, for sentences: "VP8, VP9, …". */
static inline const char *codec_names(void)
{
#define CODEC_NAME(id, name, ...) ", " name
	return &(CODEC_TABLE(CODEC_NAME))[2];
#undef CODEC_NAME
}

/* SRTP_PROFILE(ID, name in SDP and API, key bytes, salt bytes, SRTP tag bytes, SRTCP tag bytes, AEAD)
 * RFC 4568 section 6.2, RFC 7714 section 12; the SRTCP tag of ..._32 is 80 bits (RFC 4568 section 6.2.2). */
#define PROFILE_TABLE(PROFILE)                                             \
	PROFILE(PLAIN, "", 0, 0, 0, 0, false)                                  \
	PROFILE(AES_CM_128_HMAC_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 16, 14, 10, 10, false) \
	PROFILE(AES_CM_128_HMAC_SHA1_32, "AES_CM_128_HMAC_SHA1_32", 16, 14, 4, 10, false)  \
	PROFILE(AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12, 16, 16, true)    \
	PROFILE(AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12, 16, 16, true)

#define PROFILE_ENUM(id, ...) PROFILE_##id,
enum profile { PROFILE_TABLE(PROFILE_ENUM) PROFILES };

#define PROFILE_KEY_BYTES 46 /* the longest master key and salt, with a little room */

struct profile_info {
	const char *name;
	uint8_t key_bytes, salt_bytes, tag_bytes, rtcp_tag_bytes;
	bool aead;
};

static inline const struct profile_info *profile_info(enum profile profile)
{
#define PROFILE_ROW(id, name, key, salt, tag, rtcp_tag, aead) { name, key, salt, tag, rtcp_tag, aead },
	static const struct profile_info rows[] = { PROFILE_TABLE(PROFILE_ROW) };
#undef PROFILE_ROW
	return &rows[profile];
}

#endif
