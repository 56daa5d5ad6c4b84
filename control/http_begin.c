/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "base/limits.h"
#include "control/auth.h"
#include "control/metrics.h"
#include "control/route.h"

/* Preflight of a browser, or a plain question for the methods (RFC 9110 section 9.3.7). */
static void http_begin_options(struct http_request *req, const char *allow)
{
	const char *post = route_types("POST", req->path), *patch = route_types("PATCH", req->path);

	http_set_header(req, "Allow", allow);
	if (*post)
		http_set_header(
		        req, "Accept-Post", post); /* W3C's Linked Data Platform, RFC 9725 section 4.2 */
	if (*patch)
		http_set_header(req, "Accept-Patch", patch); /* RFC 5789 section 3.1 */
	if (*req->http->conf->control_cors_origin) {
		http_set_header(req, "Access-Control-Allow-Methods", allow);
		http_set_header(req, "Access-Control-Allow-Headers",
		        "Authorization, Content-Type, Range, If-Range, If-Match, If-None-Match, "
		        "If-Modified-Since, If-Unmodified-Since, Last-Event-ID");
		http_set_header(req, "Access-Control-Max-Age", "86400");
		if (http_header(req, "Access-Control-Request-Private-Network"))
			http_set_header(req, "Access-Control-Allow-Private-Network", "true");
	}
	http_answer_empty(req, 204);
}

static bool http_begin_route(struct http_request *req, enum route_access *ret_access)
{
	char allow[ROUTE_ALLOW_BYTES];
	int status = 0;

	req->handler = route_find(req->method, req->path, req->params, ret_access, &status, allow);
	if (req->handler)
		return true;
	if (status == 405 && !strcmp(req->method, "OPTIONS")) {
		http_begin_options(req, allow);
	} else if (status == 405) {
		http_set_header(req, "Allow", allow);
		http_answer_error(req, 405, "method_not_allowed", "%s is not done here; Allow names what is.",
		        req->method);
	} else {
		http_answer_error(req, 404, "not_found", "There is nothing at %s.", req->path);
	}
	return false;
}

static bool http_begin_has_rooms(const struct http_request *req)
{
	const char **rooms = NULL;
	int err = http_rooms(req, &rooms);

	free(rooms);
	return !err;
}

static bool http_begin_allows(const struct http_request *req, enum route_access access)
{
	const char *authorization = http_header(req, "Authorization");

	switch (access) {
	case ROUTE_FREE:
	case ROUTE_LIVE:
		return true;
	case ROUTE_ROOM:
		return auth_allows_room(req->http->auth, authorization, req->params[0]);
	case ROUTE_ROOMS:
		return http_begin_has_rooms(req);
	default:
		return auth_allows(req->http->auth, authorization);
	}
}

void http_begin(struct http_request *req)
{
	enum route_access access = ROUTE_TOKEN;
	const char *length = http_header(req, "Content-Length");

	if (req->path[0] != '/' || strlen(req->method) > 16) {
		http_answer_error(req, 400, "bad_request", "The request's target has to be a path.");
		return;
	}
	if (!http_begin_route(req, &access))
		return;
	req->is_live = access == ROUTE_LIVE;
	if (!http_begin_allows(req, access)) {
		metrics_add(METRICS_http_unauthorized, 1);
		http_set_header(req, "WWW-Authenticate", "Bearer realm=\"wirespool\"");
		http_answer_error(req, 401, "unauthorized",
		        "This call needs the header Authorization: Bearer and a token that is known.");
		return;
	}
	int pairs = query_parse(req->query, req->pairs, QUERY_PAIRS);
	if (pairs < 0) {
		http_answer_error(req, 400, "bad_request",
		        pairs == -E2BIG ? "The query has too many parameters."
		                        : "The query holds a broken percent-encoding.");
		return;
	}
	req->pair_count = (size_t)pairs;
	if (length && strtoull(length, NULL, 10) > LIMIT_HTTP_BODY_BYTES)
		http_answer_error(
		        req, 413, "too_large", "The body may have %d bytes at most.", LIMIT_HTTP_BODY_BYTES);
}
