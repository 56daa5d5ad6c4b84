/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define AUTH_DIGEST_BYTES 32

struct auth {
	size_t count;
	unsigned char digests[][AUTH_DIGEST_BYTES];
};

static int auth_digest(unsigned char ret_digest[AUTH_DIGEST_BYTES], const char *token)
{
	return EVP_Digest(token, strlen(token), ret_digest, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

int auth_create(struct auth **ret_auth, char *const *tokens)
{
	size_t count = 0;

	while (tokens && tokens[count])
		count++;
	struct auth *auth = calloc(1, sizeof(*auth) + count * AUTH_DIGEST_BYTES);
	if (!auth)
		return -ENOMEM;
	for (; auth->count < count; auth->count++) {
		int err = auth_digest(auth->digests[auth->count], tokens[auth->count]);
		if (err) {
			auth_free(auth);
			return err;
		}
	}
	*ret_auth = auth;
	return 0;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	OPENSSL_cleanse(auth->digests, auth->count * AUTH_DIGEST_BYTES);
	free(auth);
}

bool auth_needed(const struct auth *auth)
{
	return auth->count > 0;
}

bool auth_allows(const struct auth *auth, const char *authorization)
{
	unsigned char digest[AUTH_DIGEST_BYTES];
	unsigned matches = 0;

	if (!auth_needed(auth))
		return true;
	if (!authorization || strncasecmp(authorization, "Bearer ", 7))
		return false;
	authorization += 7 + strspn(authorization + 7, " ");
	if (!*authorization || auth_digest(digest, authorization))
		return false;
	for (size_t i = 0; i < auth->count; i++) /* all of them, always */
		matches += CRYPTO_memcmp(digest, auth->digests[i], sizeof(digest)) == 0;
	OPENSSL_cleanse(digest, sizeof(digest));
	return matches > 0;
}
