/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define AUTH_DIGEST_BYTES 32

struct auth_token {
	char *room; /* NULL: the API's, good for all; "*": for any room */
	unsigned char digest[AUTH_DIGEST_BYTES];
};

struct auth {
	size_t count, api_count; /* of the API's, which come first */
	struct auth_token tokens[];
};

static int auth_digest(unsigned char ret_digest[AUTH_DIGEST_BYTES], const char *token)
{
	return EVP_Digest(token, strlen(token), ret_digest, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

static size_t auth_count(char *const *tokens)
{
	size_t count = 0;

	while (tokens && tokens[count])
		count++;
	return count;
}

static int auth_add(struct auth *auth, const char *room, size_t room_len, const char *token)
{
	struct auth_token *row = &auth->tokens[auth->count];
	int err = auth_digest(row->digest, token);

	if (err)
		return err;
	row->room = room ? strndup(room, room_len) : NULL;
	auth->count++;
	return room && !row->room ? -ENOMEM : 0;
}

static int auth_add_room(struct auth *auth, const char *text)
{
	const char *sign = strchr(text, '=');

	if (!sign || sign == text || !sign[1])
		return -EINVAL;
	return auth_add(auth, text, (size_t)(sign - text), sign + 1);
}

int auth_create(struct auth **ret_auth, char *const *tokens, char *const *room_tokens)
{
	size_t api_count = auth_count(tokens), room_count = auth_count(room_tokens);
	struct auth *auth = calloc(1, sizeof(*auth) + (api_count + room_count) * sizeof(auth->tokens[0]));
	int err = auth ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < api_count; i++)
		err = auth_add(auth, NULL, 0, tokens[i]);
	for (size_t i = 0; !err && i < room_count; i++)
		err = auth_add_room(auth, room_tokens[i]);
	if (err) {
		auth_free(auth);
		return err;
	}
	auth->api_count = api_count;
	*ret_auth = auth;
	return 0;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	for (size_t i = 0; i < auth->count; i++)
		free(auth->tokens[i].room);
	OPENSSL_cleanse(auth->tokens, auth->count * sizeof(auth->tokens[0]));
	free(auth);
}

bool auth_needed(const struct auth *auth)
{
	return auth->api_count > 0;
}

/* The digest of the token in @authorization; false: there is none in it. */
static bool auth_token(const char *authorization, unsigned char ret_digest[AUTH_DIGEST_BYTES])
{
	if (!authorization || strncasecmp(authorization, "Bearer ", 7))
		return false;
	authorization += 7 + strspn(authorization + 7, " ");
	return *authorization && !auth_digest(ret_digest, authorization);
}

/* Whether the token of @authorization is among the first @count that are good for @room (NULL: for all). */
static bool auth_matches(const struct auth *auth, size_t count, const char *authorization, const char *room)
{
	unsigned char digest[AUTH_DIGEST_BYTES];
	unsigned matches = 0;

	if (!auth_token(authorization, digest))
		return false;
	for (size_t i = 0; i < count; i++) { /* all of them, always */
		const struct auth_token *row = &auth->tokens[i];
		bool is_good = !row->room || !strcmp(row->room, "*") || (room && !strcmp(row->room, room));

		matches += (CRYPTO_memcmp(digest, row->digest, sizeof(digest)) == 0) & is_good;
	}
	OPENSSL_cleanse(digest, sizeof(digest));
	return matches > 0;
}

bool auth_allows(const struct auth *auth, const char *authorization)
{
	return !auth_needed(auth) || auth_matches(auth, auth->api_count, authorization, NULL);
}

bool auth_allows_room(const struct auth *auth, const char *authorization, const char *room)
{
	return !auth->count || auth_matches(auth, auth->count, authorization, room);
}

int auth_rooms(const struct auth *auth, const char *authorization, const char ***ret_rooms)
{
	unsigned char digest[AUTH_DIGEST_BYTES];
	size_t count = 0;

	if (auth_allows(auth, authorization)) {
		*ret_rooms = NULL;
		return 0;
	}
	if (!auth_token(authorization, digest))
		return -EACCES;
	const char **rooms = calloc(auth->count + 1, sizeof(*rooms));
	for (size_t i = auth->api_count; rooms && i < auth->count; i++) /* all of them, always */
		if (CRYPTO_memcmp(digest, auth->tokens[i].digest, sizeof(digest)) == 0)
			rooms[count++] = auth->tokens[i].room;
	OPENSSL_cleanse(digest, sizeof(digest));
	if (!count) {
		free(rooms);
		return rooms ? -EACCES : -ENOMEM;
	}
	*ret_rooms = rooms;
	return 0;
}
