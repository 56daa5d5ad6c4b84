/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/range.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* 1*DIGIT; a number too large counts as the largest. False when there is no digit. */
static bool range_number(const char **at, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *begin = *at;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		unsigned digit = (unsigned)(**at - '0');
		number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
	}
	*ret_number = number;
	return *at != begin;
}

/* One range-spec. 1: exists; 0: does not; -EINVAL: malformed. */
static int range_one(const char **at, uint64_t bytes, struct range *ret_range)
{
	uint64_t first, last = UINT64_MAX;

	if (**at == '-') {
		++*at;
		if (!range_number(at, &last))
			return -EINVAL;
		if (last == 0 || bytes == 0)
			return 0;
		*ret_range = (struct range){ last < bytes ? bytes - last : 0, bytes - 1 };
		return 1;
	}
	if (!range_number(at, &first) || **at != '-')
		return -EINVAL;
	++*at;
	if (**at >= '0' && **at <= '9')
		range_number(at, &last);
	if (last < first)
		return -EINVAL;
	if (first >= bytes)
		return 0;
	*ret_range = (struct range){ first, last < bytes ? last : bytes - 1 };
	return 1;
}

static bool range_touch(const struct range *a, const struct range *b)
{
	return a->first <= b->last + 1 && b->first <= a->last + 1;
}

/* Put @range after the others, or into those that it touches. Returns the new count. */
static int range_join(struct range *ranges, int count, struct range range)
{
	for (int i = 0; i < count;) {
		if (!range_touch(&ranges[i], &range)) {
			i++;
			continue;
		}
		range.first = ranges[i].first < range.first ? ranges[i].first : range.first;
		range.last = ranges[i].last > range.last ? ranges[i].last : range.last;
		memmove(&ranges[i], &ranges[i + 1], (size_t)(--count - i) * sizeof(ranges[0]));
		i = 0; /* it may touch others now */
	}
	ranges[count] = range;
	return count + 1;
}

int range_parse(const char *header, uint64_t bytes, struct range ret_ranges[RANGE_MAX])
{
	struct range ranges[RANGE_MAX], range;
	int count = 0, seen = 0;

	if (strncasecmp(header, "bytes=", 6))
		return -EINVAL;
	for (const char *at = header + 6; *at;) {
		at += strspn(at, " \t,");
		if (!*at)
			break;
		int exists = range_one(&at, bytes, &range);
		if (exists < 0)
			return -EINVAL;
		at += strspn(at, " \t");
		if (++seen > RANGE_MAX || (*at && *at != ','))
			return -EINVAL;
		if (exists)
			count = range_join(ranges, count, range);
	}
	if (!seen)
		return -EINVAL;
	memcpy(ret_ranges, ranges, (size_t)count * sizeof(ranges[0]));
	return count ? count : -ERANGE;
}
