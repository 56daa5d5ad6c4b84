/* SPDX-License-Identifier: BSD-3-Clause */
/* Client of the recorder's HTTP API: opens and closes sessions. One thread; calls wait for the answer. */
#ifndef TOOLS_GEN_API_H
#define TOOLS_GEN_API_H

#include <stddef.h>

#define API_LOCATION_BYTES 512

struct api;
struct options;
struct roster;

/* @options->api is the base URL; the token is its api_token. 0 or -ENOMEM. */
int api_create(struct api **ret_api, const struct options *options);
void api_free(struct api *api);

/* What was answered: the texts are valid until the next request; none is NULL. */
struct api_answer {
	long status;
	const char *text, *location;
	size_t len;
};

/* One request, whatever its answer. NULL body: none. 0; -ECONNREFUSED (no answer, logged); -ENOMEM. */
int api_request(struct api *api, const char *method, const char *path, const char *content_type,
        const char *body, struct api_answer *ret_answer);

/* Log what an answer says that is not what was hoped for. -EPROTO. */
int api_refused(const char *method, const char *path, const struct api_answer *answer);

/* POST /api/v1/sessions for session @index: fills in its id and address. 0, or, logged: -ECONNREFUSED (no
 * answer), -EPROTO (refused, or an answer that makes no sense), -ENOMEM. */
int api_open(struct api *api, struct roster *roster, unsigned index);

/* End session @index by DELETE, or with @keep ask for it by GET; fills in its tracks' recordings. A session
 * without an id is passed over. Errors as above. */
int api_close(struct api *api, struct roster *roster, unsigned index, int keep);

#endif
