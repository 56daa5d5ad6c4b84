/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/route.h"

#include <stdlib.h>
#include <string.h>
#include "control/query.h"

/* GET is HEAD, too. */
enum { ROUTE_GET = 1, ROUTE_POST = 2, ROUTE_PATCH = 4, ROUTE_DELETE = 8 };

struct route {
	int method;
	enum route_access access;
	const char *path, *types;
	http_handler *handler;
};

#define ROUTE_ROW(method, path, handler, access, types, ...)                                                 \
	{ ROUTE_##method, ROUTE_##access, path, types, handler },
static const struct route route_rows[] = { ROUTE_TABLE(ROUTE_ROW) };

static const struct {
	const char *name;
	int method;
} route_methods[] = { { "GET", ROUTE_GET }, { "HEAD", ROUTE_GET }, { "POST", ROUTE_POST },
	{ "PATCH", ROUTE_PATCH }, { "DELETE", ROUTE_DELETE } };

static int route_method(const char *method)
{
	for (size_t i = 0; i < sizeof(route_methods) / sizeof(route_methods[0]); i++) {
		if (!strcmp(method, route_methods[i].name))
			return route_methods[i].method;
	}
	return 0;
}

static void route_allow(int methods, char ret_allow[ROUTE_ALLOW_BYTES])
{
	ret_allow[0] = '\0';
	for (size_t i = 0; i < sizeof(route_methods) / sizeof(route_methods[0]); i++) {
		if (methods & route_methods[i].method)
			strcat(strcat(ret_allow, route_methods[i].name), ", ");
	}
	strcat(ret_allow, "OPTIONS");
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
        enum route_access *ret_access, int *ret_status, char ret_allow[ROUTE_ALLOW_BYTES])
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
		*ret_access = row->access;
		return row->handler;
	}
	*ret_status = allowed && !(allowed & wanted) ? 405 : 404;
	route_allow(allowed, ret_allow);
	return NULL;
}

unsigned route_row(http_handler *handler)
{
	unsigned row = 0;

	while (row < sizeof(route_rows) / sizeof(route_rows[0]) && route_rows[row].handler != handler)
		row++;
	return row;
}

const char *route_types(const char *method, const char *path)
{
	for (size_t i = 0; i < sizeof(route_rows) / sizeof(route_rows[0]); i++) {
		const char *from[HTTP_PARAMS];
		size_t len[HTTP_PARAMS];

		if (route_rows[i].method == route_method(method) &&
		        route_fits(route_rows[i].path, path, from, len))
			return route_rows[i].types;
	}
	return "";
}
