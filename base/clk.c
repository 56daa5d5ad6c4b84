/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clk.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What clk_set has set, while it has. */
static _Atomic uint64_t set_mono_ns, set_wall_ns;
static _Atomic bool is_set;

/* Seconds from 1900-01-01, the origin of NTP, to 1970-01-01. */
#define NTP_UNIX_S 2208988800ull

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * CLK_NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t clk_mono_ns(void)
{
	if (atomic_load_explicit(&is_set, memory_order_relaxed))
		return atomic_load_explicit(&set_mono_ns, memory_order_relaxed);
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clk_wall_ns(void)
{
	if (atomic_load_explicit(&is_set, memory_order_relaxed))
		return atomic_load_explicit(&set_wall_ns, memory_order_relaxed);
	return clock_ns(CLOCK_REALTIME);
}

void clk_set(uint64_t mono_ns, uint64_t wall_ns)
{
	atomic_store_explicit(&set_mono_ns, mono_ns, memory_order_relaxed);
	atomic_store_explicit(&set_wall_ns, wall_ns, memory_order_relaxed);
	atomic_store_explicit(&is_set, true, memory_order_relaxed);
}

/* Seconds before 1970 cannot be meant, so they are of the era that begins in February 2036: 1970 to 2106 are
 * covered. */
uint64_t clk_ntp_to_unix_ns(uint64_t ntp)
{
	uint64_t s = ntp >> 32, fraction = ntp & UINT32_MAX;

	if (s < NTP_UNIX_S)
		s += 1ull << 32;
	return (s - NTP_UNIX_S) * CLK_NS_PER_S + ((fraction * CLK_NS_PER_S + (1ull << 31)) >> 32);
}

uint64_t clk_unix_ns_to_ntp(uint64_t unix_ns)
{
	uint64_t s = unix_ns / CLK_NS_PER_S, ns = unix_ns % CLK_NS_PER_S;

	return (s + NTP_UNIX_S) << 32 | (ns << 32) / CLK_NS_PER_S;
}

char *clk_rfc3339(char *buf, uint64_t unix_ns, int fraction)
{
	time_t s = (time_t)(unix_ns / CLK_NS_PER_S);
	unsigned ns = (unsigned)(unix_ns % CLK_NS_PER_S);
	struct tm tm;
	size_t len;

	gmtime_r(&s, &tm);
	len = strftime(buf, CLK_RFC3339_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	if (fraction > 0) {
		snprintf(buf + len, CLK_RFC3339_BYTES - len, ".%09u", ns);
		len += 1 + (size_t)(fraction < 9 ? fraction : 9);
	}
	memcpy(buf + len, "Z", 2);
	return buf;
}

/* Exactly @digits digits at *text, which moves past them; -1 when they are not there or outside min..max. */
static int take_number(const char **text, int digits, int min, int max)
{
	int value = 0;

	for (; digits > 0; digits--, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value < min || value > max ? -1 : value;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* RFC 3339 section 5.6: full-date "T" partial-time without its fraction. */
static int take_date_time(const char **text, struct tm *ret_tm)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct tm tm = { 0 };
	int year = take_number(text, 4, 1969, 9999), days;

	if (year < 0 || !take_char(text, '-') || (tm.tm_mon = take_number(text, 2, 1, 12) - 1) < 0)
		return -EINVAL;
	tm.tm_year = year - 1900;
	days = month_days[tm.tm_mon] +
	       (tm.tm_mon == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	if (!take_char(text, '-') || (tm.tm_mday = take_number(text, 2, 1, days)) < 0 ||
	        (!take_char(text, 'T') && !take_char(text, 't')))
		return -EINVAL;
	if ((tm.tm_hour = take_number(text, 2, 0, 23)) < 0 || !take_char(text, ':') ||
	        (tm.tm_min = take_number(text, 2, 0, 59)) < 0 || !take_char(text, ':') ||
	        (tm.tm_sec = take_number(text, 2, 0, 60)) < 0)
		return -EINVAL;
	*ret_tm = tm;
	return 0;
}

/* An optional "." and one to nine digits, as nanoseconds; -1 when there is a dot without them, or more. */
static int64_t take_fraction(const char **text)
{
	int64_t ns = 0;
	int digits = 0;

	if (!take_char(text, '.'))
		return 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (++digits > 9)
			return -1;
		ns = ns * 10 + (**text - '0');
	}
	if (digits == 0)
		return -1;
	for (; digits < 9; digits++)
		ns *= 10;
	return ns;
}

/* "Z" or "+hh:mm" at the end, in seconds. */
static int take_offset(const char **text, int64_t *ret_s)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes;

	if (take_char(text, 'Z') || take_char(text, 'z')) {
		*ret_s = 0;
		return 0;
	}
	if (!take_char(text, '+') && !take_char(text, '-'))
		return -EINVAL;
	if ((hours = take_number(text, 2, 0, 23)) < 0 || !take_char(text, ':') ||
	        (minutes = take_number(text, 2, 0, 59)) < 0)
		return -EINVAL;
	*ret_s = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int clk_parse_rfc3339(const char *text, uint64_t *ret_unix_ns)
{
	int64_t s, ns, offset;
	uint64_t unix_ns;
	struct tm tm;
	bool leap;

	if (take_date_time(&text, &tm) < 0 || (ns = take_fraction(&text)) < 0 ||
	        take_offset(&text, &offset) < 0 || *text)
		return -EINVAL;
	leap = tm.tm_sec == 60; /* timegm rewrites it */
	s = (int64_t)timegm(&tm) - offset;
	/* A leap second ends a UTC day, and becomes the first second of the next one (RFC 3339 section 5.7).
	 */
	if (s < 0 || (leap && s % 86400 != 0) ||
	        __builtin_mul_overflow((uint64_t)s, CLK_NS_PER_S, &unix_ns) ||
	        __builtin_add_overflow(unix_ns, (uint64_t)ns, &unix_ns))
		return -EINVAL;
	*ret_unix_ns = unix_ns;
	return 0;
}
