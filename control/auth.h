/* SPDX-License-Identifier: BSD-3-Clause */
/* Bearer tokens (RFC 6750 section 2.1). Only digests of the tokens are kept; how long a comparison takes
 * tells nothing about them. Made at start, read-only after; any thread. */
#ifndef CONTROL_AUTH_H
#define CONTROL_AUTH_H

#include <stdbool.h>

struct auth;

/* @tokens: NULL-terminated, or NULL for none. 0, -ENOMEM, -EIO (no SHA-256). */
int auth_create(struct auth **ret_auth, char *const *tokens);
void auth_free(struct auth *auth);

/* Whether a token is needed at all. */
bool auth_needed(const struct auth *auth);

/* Whether @authorization, the header's value or NULL, is "Bearer" and one of the tokens; true when none is
 * needed. */
bool auth_allows(const struct auth *auth, const char *authorization);

#endif
