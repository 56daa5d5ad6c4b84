/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sdp_crypto.h"

#include <stdio.h>
#include <string.h>
#include "base/base64.h"
#include "control/session_request.h"

struct span {
	const char *at;
	size_t len;
};

/* The next word of @text, which is moved past it; empty at the end. */
static struct span next_word(struct span *text)
{
	struct span word;

	while (text->len && *text->at == ' ')
		text->at++, text->len--;
	word.at = text->at;
	while (text->len && *text->at != ' ')
		text->at++, text->len--;
	word.len = (size_t)(text->at - word.at);
	return word;
}

static bool starts(struct span word, const char *prefix)
{
	size_t len = strlen(prefix);

	return word.len >= len && !memcmp(word.at, prefix, len);
}

static bool parse_tag(struct span word, uint32_t *ret_tag)
{
	*ret_tag = 0;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
		*ret_tag = *ret_tag * 10 + (uint32_t)(word.at[i] - '0');
	}
	return word.len > 0 && word.len <= 9;
}

static enum profile parse_suite(struct span word)
{
	char name[40];

	if (word.len >= sizeof(name))
		return PROFILES;
	memcpy(name, word.at, word.len);
	name[word.len] = '\0';
	return session_request_profile(name);
}

/* What follows the key: a lifetime ("2^20", "1048576") is passed over, an MKI ("1:4") is not for us. */
static const char *check_rest(struct span rest)
{
	if (memchr(rest.at, ':', rest.len))
		return "a=crypto with an MKI";
	return NULL;
}

static const char *parse_key(struct sdp_crypto *crypto, struct span word)
{
	unsigned want = profile_info(crypto->profile)->key_bytes + profile_info(crypto->profile)->salt_bytes;
	const char *bar;
	size_t len;

	if (!starts(word, "inline:"))
		return "a=crypto without an inline key";
	word.at += strlen("inline:"), word.len -= strlen("inline:");
	if (memchr(word.at, ';', word.len))
		return "a=crypto with several keys";
	bar = memchr(word.at, '|', word.len);
	len = bar ? (size_t)(bar - word.at) : word.len;
	if (base64_decode(word.at, len, crypto->key, sizeof(crypto->key)) != (ssize_t)want)
		return "a=crypto with a key that is not base64 or of another length than its suite's";
	return bar ? check_rest((struct span){ bar, word.len - len }) : NULL;
}

/* RFC 4568 section 6.3: a parameter that is not known makes the line invalid, but for those of extensions
 * ("-name"). */
static const char *check_parameter(struct span word)
{
	if (starts(word, "WSH=") || starts(word, "-") || (word.len == 5 && starts(word, "KDR=0")))
		return NULL;
	return "a=crypto with a session parameter that is not supported";
}

const char *sdp_crypto_parse(struct sdp_crypto *ret_crypto, const char *text, size_t len)
{
	struct span left = { text, len }, word;
	struct sdp_crypto crypto = { 0 };
	const char *why = NULL;

	if (!parse_tag(next_word(&left), &crypto.tag))
		return "a=crypto without a tag";
	crypto.profile = parse_suite(next_word(&left));
	if (crypto.profile == PROFILES)
		return "a=crypto of a suite that is not supported";
	why = parse_key(&crypto, next_word(&left));
	for (word = next_word(&left); !why && word.len; word = next_word(&left))
		why = check_parameter(word);
	if (!why)
		*ret_crypto = crypto;
	explicit_bzero(&crypto, sizeof(crypto));
	return why;
}

bool sdp_crypto_is_better(const struct sdp_crypto *a, const struct sdp_crypto *b)
{
	const struct profile_info *pa = profile_info(a->profile), *pb = profile_info(b->profile);

	if (pa->aead != pb->aead)
		return pa->aead;
	if (pa->key_bytes != pb->key_bytes)
		return pa->key_bytes > pb->key_bytes;
	return pa->tag_bytes > pb->tag_bytes;
}
