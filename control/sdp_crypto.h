/* SPDX-License-Identifier: BSD-3-Clause */
/* The value of an a=crypto attribute (RFC 4568 section 9.1):
 *
 *   <tag> <suite> inline:<base64 of master key and salt>[|<lifetime>][|<MKI>:<length>] [<session parameters>]
 *
 * Pure; any thread. */
#ifndef CONTROL_SDP_CRYPTO_H
#define CONTROL_SDP_CRYPTO_H

#include "control/sdp.h"

/* Parse @len characters after "a=crypto:". The lifetime is not looked at; WSH and parameters whose names
 * begin with '-' are passed over. NULL, or why the line cannot be used (static): another suite, a wrong key
 * length, an MKI, several keys, a parameter that changes what is protected. */
const char *sdp_crypto_parse(struct sdp_crypto *ret_crypto, const char *text, size_t len);

/* Whether @a is to be preferred to @b: AEAD before HMAC, the longer key, the longer tag. */
bool sdp_crypto_is_better(const struct sdp_crypto *a, const struct sdp_crypto *b);

#endif
