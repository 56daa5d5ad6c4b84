/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/format.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

/* @value with three digits that count. */
static int print_three(char *buf, double value)
{
	double size = fabs(value);
	int digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;

	return snprintf(buf, FORMAT_BYTES, "%.*f", digits, value);
}

/* Divide by @step until it fits; how often. The bound is one of rounding: 999.6 would print as 1000. */
static unsigned scale(double *value, double step, double bound, unsigned max)
{
	unsigned times = 0;

	while (fabs(*value) >= bound && times < max) {
		*value /= step;
		times++;
	}
	return times;
}

static char *unknown(char *buf)
{
	snprintf(buf, FORMAT_BYTES, "-");
	return buf;
}

static bool is_whole(double value)
{
	return fabs(value - round(value)) < 0.05;
}

/* What has no prefix: whole numbers stay whole. */
static int print_small(char *buf, double value)
{
	return snprintf(buf, FORMAT_BYTES, "%.*f", is_whole(value) || fabs(value) >= 10 ? 0 : 1, value);
}

static char *format_si(char *buf, double value, const char *before_prefix, const char *unit)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
	unsigned times;
	int len;

	if (isnan(value))
		return unknown(buf);
	times = scale(&value, 1000, 999.5, 6);
	len = times ? print_three(buf, value) : print_small(buf, value);
	snprintf(buf + len, (size_t)(FORMAT_BYTES - len), "%s%s%s", before_prefix, prefixes[times], unit);
	return buf;
}

char *format_count(char *buf, double value)
{
	return format_si(buf, value, "", "");
}

char *format_unit(char *buf, double value, const char *unit)
{
	return format_si(buf, value, " ", unit);
}

/* @value in the unit of the first of @count @units, @base of which make one of the next. */
static char *scaled(char *buf, double value, double base, const char *const *units, unsigned count)
{
	unsigned times;
	int len;

	if (isnan(value))
		return unknown(buf);
	times = scale(&value, base, 999.5, count - 1);
	len = times ? print_three(buf, value) : print_small(buf, value);
	snprintf(buf + len, (size_t)(FORMAT_BYTES - len), " %s", units[times]);
	return buf;
}

char *format_bytes(char *buf, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	return scaled(buf, bytes, 1024, units, sizeof(units) / sizeof(units[0]));
}

char *format_percent(char *buf, double part)
{
	if (isnan(part))
		return unknown(buf);
	snprintf(buf, FORMAT_BYTES, "%.*f", part >= 0.9995 || part < 0.0005 ? 0 : 1, part * 100);
	return buf;
}

char *format_duration(char *buf, double seconds)
{
	if (isnan(seconds))
		return unknown(buf);
	if (seconds < 0)
		seconds = 0;
	if (seconds >= 1e11)
		snprintf(buf, FORMAT_BYTES, "ever");
	else if (seconds < 120)
		snprintf(buf, FORMAT_BYTES, "%.0f s", floor(seconds));
	else if (seconds < 3600)
		snprintf(buf, FORMAT_BYTES, "%.0f min", floor(seconds / 60));
	else if (seconds < 86400)
		snprintf(buf, FORMAT_BYTES, "%.0f h %.0f min", floor(seconds / 3600),
		        floor(fmod(seconds, 3600) / 60));
	else
		snprintf(buf, FORMAT_BYTES, "%.0f d %.0f h", floor(seconds / 86400),
		        floor(fmod(seconds, 86400) / 3600));
	return buf;
}

char *format_ns(char *buf, double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };

	return scaled(buf, ns, 1000, units, sizeof(units) / sizeof(units[0]));
}
