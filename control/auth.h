/* SPDX-License-Identifier: BSD-3-Clause */
/* Bearer tokens (RFC 6750 section 2.1). Only digests of the tokens are kept; how long a comparison takes
 * tells nothing about them. Made at start, read-only after; any thread. */
#ifndef CONTROL_AUTH_H
#define CONTROL_AUTH_H

#include <stdbool.h>

struct auth;

/* @tokens of the API, @room_tokens ("room=token", "*=token": for any room; the first '=' counts):
 * NULL-terminated, or NULL for none. 0, -EINVAL (no room or no token in one of @room_tokens), -ENOMEM, -EIO
 * (no SHA-256). */
int auth_create(struct auth **ret_auth, char *const *tokens, char *const *room_tokens);
void auth_free(struct auth *auth);

/* Whether the API needs a token at all. */
bool auth_needed(const struct auth *auth);

/* Whether @authorization, the header's value or NULL, is "Bearer" and one of the API's tokens; true when none
 * is needed. */
bool auth_allows(const struct auth *auth, const char *authorization);

/* Whether it may publish in @room: it is one of the API's tokens, or one of those of the room; true when
 * there are none of either kind. */
bool auth_allows_room(const struct auth *auth, const char *authorization, const char *room);

/* The rooms that @authorization is good for. 0 with *ret_rooms NULL: all, for it is one of the API's tokens,
 * or none is needed; 0 with an array that NULL ends, "*" in it: any room (free the array; the strings are
 * @auth's); -EACCES: it is no token that is known; -ENOMEM. */
int auth_rooms(const struct auth *auth, const char *authorization, const char ***ret_rooms);

#endif
