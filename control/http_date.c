/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http_date.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

char *http_date_print(char buf[HTTP_DATE_BYTES], uint64_t unix_s)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
		"Oct", "Nov", "Dec" };
	time_t time = (time_t)unix_s;
	struct tm tm;

	gmtime_r(&time, &tm);
	snprintf(buf, HTTP_DATE_BYTES, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
	        tm.tm_mday % 100, months[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000, tm.tm_hour % 100,
	        tm.tm_min % 100, tm.tm_sec % 100);
	return buf;
}

int http_date_parse(const char *text, uint64_t *ret_unix_s)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %e %H:%M:%S %Y" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		time_t time = end && !*end ? timegm(&tm) : -1;
		if (time >= 0) {
			*ret_unix_s = (uint64_t)time;
			return 0;
		}
	}
	return -EINVAL;
}
