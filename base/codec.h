/* SPDX-License-Identifier: BSD-3-Clause */
/* The codecs and SRTP profiles that are known by name: one row each, shared by the API, the messages and the files. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

/* CODEC(ID, name in SDP, extension of its files, video) */
#define CODEC_TABLE(CODEC)           \
	CODEC(VP8, "VP8", "ivf", true)   \
	CODEC(VP9, "VP9", "ivf", true)   \
	CODEC(OPUS, "opus", "ogg", false)

#define CODEC_ENUM(id, ...) CODEC_##id,
enum codec { CODEC_TABLE(CODEC_ENUM) CODECS };

struct codec_info {
	const char *name, *ext;
	bool video;
};

/* The row of a codec. Static storage. */
static inline const struct codec_info *codec_info(enum codec codec)
{
#define CODEC_ROW(id, name, ext, video) { name, ext, video },
	static const struct codec_info rows[] = { CODEC_TABLE(CODEC_ROW) };
#undef CODEC_ROW
	return &rows[codec];
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
