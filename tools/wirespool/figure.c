/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* @value in the largest unit of which it is one at least, each @step of the one before. */
static char *scale(
        char buf[FIGURE_BYTES], uint64_t value, double step, const char *const *units, unsigned count)
{
	double scaled = (double)value;
	unsigned unit = 0;

	while (scaled >= step && unit + 1 < count) {
		scaled /= step;
		unit++;
	}
	if (!unit)
		snprintf(buf, FIGURE_BYTES, "%" PRIu64 " %s", value, units[0]);
	else
		snprintf(buf, FIGURE_BYTES, scaled < 9.95 ? "%.1f %s" : "%.0f %s", scaled, units[unit]);
	return buf;
}

char *figure_size(char buf[FIGURE_BYTES], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };

	return scale(buf, bytes, 1024, units, 6);
}

char *figure_rate(char buf[FIGURE_BYTES], uint64_t bits_per_s)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s" };

	return scale(buf, bits_per_s, 1000, units, 4);
}

char *figure_duration(char buf[FIGURE_BYTES], double seconds)
{
	uint64_t whole = seconds > 0 ? (uint64_t)seconds : 0;

	if (whole < 60)
		snprintf(buf, FIGURE_BYTES, "%.1f s", seconds > 0 ? seconds : 0);
	else if (whole < 3600)
		snprintf(buf, FIGURE_BYTES, "%" PRIu64 ":%02" PRIu64, whole / 60, whole % 60);
	else
		snprintf(buf, FIGURE_BYTES, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / 3600,
		        whole / 60 % 60, whole % 60);
	return buf;
}

char *figure_latency(char buf[FIGURE_BYTES], uint64_t ns)
{
	static const char *const units[] = { "us", "ms", "s" };

	return scale(buf, ns / 1000, 1000, units, 3);
}

char *figure_time(char buf[FIGURE_BYTES], const char *rfc3339)
{
	size_t whole = strlen("2026-01-02T03:04:05");

	if (!rfc3339)
		return strcpy(buf, "-");
	if (strlen(rfc3339) > whole && rfc3339[whole] == '.') {
		size_t digits = strspn(rfc3339 + whole + 1, "0123456789");
		snprintf(buf, FIGURE_BYTES, "%.*s%s", (int)whole, rfc3339, rfc3339 + whole + 1 + digits);
	} else {
		snprintf(buf, FIGURE_BYTES, "%s", rfc3339);
	}
	return buf;
}
