/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/conditional.h"

#include <stddef.h>
#include <string.h>
#include "control/http_date.h"

/* Whether a list of entity tags (RFC 9110 section 8.8.3) names @etag; weak ones count only in a weak
 * comparison. */
static bool conditional_names(const char *list, const char *etag, bool weak)
{
	size_t etag_len = etag ? strlen(etag) : 0;

	while (*list) {
		list += strspn(list, " \t,");
		bool is_weak = !strncmp(list, "W/", 2);
		list += is_weak ? 2 : 0;
		if (*list != '"')
			return false; /* not a list of tags: nothing after this can be told apart */
		const char *end = strchr(list + 1, '"');
		if (!end)
			return false;
		size_t len = (size_t)(end + 1 - list);
		if (etag && (weak || !is_weak) && len == etag_len && !memcmp(list, etag, len))
			return true;
		list = end + 1;
		list += strspn(list, " \t");
		if (*list && *list != ',')
			return false;
	}
	return false;
}

static bool conditional_is_any(const char *list)
{
	list += strspn(list, " \t");
	return *list == '*' && strspn(list + 1, " \t") == strlen(list + 1);
}

static bool conditional_unmodified(const struct conditional_target *target, const char *since)
{
	uint64_t since_s;

	return !target->modified_s || http_date_parse(since, &since_s) || target->modified_s <= since_s;
}

int conditional_check(const struct conditional_target *target, const struct conditional_headers *headers)
{
	uint64_t since_s;

	if (headers->if_match) {
		if (!conditional_is_any(headers->if_match) &&
		        !conditional_names(headers->if_match, target->etag, false))
			return 412;
	} else if (headers->if_unmodified_since &&
	           !conditional_unmodified(target, headers->if_unmodified_since)) {
		return 412;
	}
	if (headers->if_none_match) {
		if (conditional_is_any(headers->if_none_match) ||
		        conditional_names(headers->if_none_match, target->etag, true))
			return 304;
	} else if (headers->if_modified_since && target->modified_s &&
	           !http_date_parse(headers->if_modified_since, &since_s) && target->modified_s <= since_s) {
		return 304;
	}
	return 0;
}

bool conditional_range_holds(const struct conditional_target *target, const char *if_range, uint64_t now_s)
{
	uint64_t date_s;

	if (!if_range)
		return true;
	if (*if_range == '"')
		return target->etag && !strcmp(if_range, target->etag);
	return target->modified_s && !http_date_parse(if_range, &date_s) && date_s == target->modified_s &&
	       now_s > date_s + 1;
}
