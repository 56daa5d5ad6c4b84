/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/route.h"

#include <stdlib.h>
#include <string.h>
#include "control/query.h"

enum { ROUTE_GET = 1, ROUTE_POST = 2, ROUTE_DELETE = 4 };

struct route {
	int method;
	bool needs_token;
	const char *path;
	http_handler *handler;
};

#define ROUTE_ROW(method, path, handler, needs_token, ...) { ROUTE_##method, needs_token, path, handler },
static const struct route route_rows[] = { ROUTE_TABLE(ROUTE_ROW) };

static int route_method(const char *method)
{
	if (!strcmp(method, "GET") || !strcmp(method, "HEAD"))
		return ROUTE_GET;
	if (!strcmp(method, "POST"))
		return ROUTE_POST;
	return strcmp(method, "DELETE") ? 0 : ROUTE_DELETE;
}

static const char *route_allow(int methods)
{
	static const char *const texts[] = { "OPTIONS", "GET, HEAD, OPTIONS", "POST, OPTIONS",
		"GET, HEAD, POST, OPTIONS", "DELETE, OPTIONS", "GET, HEAD, DELETE, OPTIONS",
		"POST, DELETE, OPTIONS", "GET, HEAD, POST, DELETE, OPTIONS" };

	return texts[methods & 7];
}

/* Whether @path fits @pattern; the raw texts of its parameters are left in @from and @len. */
static bool route_fits(
        const char *pattern, const char *path, const char *from[HTTP_PARAMS], size_t len[HTTP_PARAMS])
{
	unsigned param = 0;

	while (*pattern) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		from[param] = path;
		len[param] = strcspn(path, "/");
		if (len[param] == 0)
			return false;
		path += len[param++];
		pattern = strchr(pattern, '}') + 1;
	}
	return *path == '\0';
}

static bool route_take_params(
        char *ret_params[HTTP_PARAMS], const char *const from[HTTP_PARAMS], const size_t len[HTTP_PARAMS])
{
	for (unsigned i = 0; i < HTTP_PARAMS && from[i]; i++) {
		ret_params[i] = strndup(from[i], len[i]);
		if (ret_params[i] && !query_decode(ret_params[i], false) && !strchr(ret_params[i], '/'))
			continue;
		for (unsigned j = 0; j <= i; j++) {
			free(ret_params[j]);
			ret_params[j] = NULL;
		}
		return false;
	}
	return true;
}

http_handler *route_find(const char *method, const char *path, char *ret_params[HTTP_PARAMS],
        bool *ret_needs_token, int *ret_status, const char **ret_allow)
{
	int wanted = route_method(method), allowed = 0;

	for (size_t i = 0; i < sizeof(route_rows) / sizeof(route_rows[0]); i++) {
		const struct route *row = &route_rows[i];
		const char *from[HTTP_PARAMS] = { NULL };
		size_t len[HTTP_PARAMS];

		if (!route_fits(row->path, path, from, len))
			continue;
		allowed |= row->method;
		if (row->method != wanted)
			continue;
		if (!route_take_params(ret_params, from, len))
			break;
		*ret_needs_token = row->needs_token;
		return row->handler;
	}
	*ret_status = allowed && !(allowed & wanted) ? 405 : 404;
	*ret_allow = route_allow(allowed);
	return NULL;
}
