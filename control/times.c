/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/times.h"

#include <inttypes.h>
#include "base/clk.h"
#include "control/route.h"

/* Bucket i holds what took longer than bound i - 1 and at most bound i; the last one all that took longer. */
static const struct {
	uint64_t ns;
	const char *le;
} times_bounds[] = { { CLK_NS_PER_MS, "0.001" }, { 5 * CLK_NS_PER_MS, "0.005" },
	{ 10 * CLK_NS_PER_MS, "0.01" }, { 50 * CLK_NS_PER_MS, "0.05" }, { 100 * CLK_NS_PER_MS, "0.1" },
	{ 500 * CLK_NS_PER_MS, "0.5" }, { CLK_NS_PER_S, "1" }, { 5 * CLK_NS_PER_S, "5" },
	{ 10 * CLK_NS_PER_S, "10" }, { 60 * CLK_NS_PER_S, "60" }, { 300 * CLK_NS_PER_S, "300" },
	{ 1800 * CLK_NS_PER_S, "1800" } };

#define TIMES_BOUNDS (sizeof(times_bounds) / sizeof(times_bounds[0]))

struct times_histogram {
	uint64_t buckets[TIMES_BOUNDS + 1], sum_ns;
};

#define TIMES_ROUTE(method, path, ...) "method=\"" #method "\",route=\"" path "\"",
static const char *const times_routes[] = { ROUTE_TABLE(TIMES_ROUTE) };

#define TIMES_ROUTES (sizeof(times_routes) / sizeof(times_routes[0]))

static struct times_histogram times_uploads, times_http[TIMES_ROUTES];

static void times_add(struct times_histogram *histogram, uint64_t ns)
{
	size_t bucket = 0;

	while (bucket < TIMES_BOUNDS && ns > times_bounds[bucket].ns)
		bucket++;
	__atomic_fetch_add(&histogram->buckets[bucket], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&histogram->sum_ns, ns, __ATOMIC_RELAXED);
}

void times_add_upload(uint64_t ns)
{
	times_add(&times_uploads, ns);
}

void times_add_http(unsigned route, uint64_t ns)
{
	if (route < TIMES_ROUTES)
		times_add(&times_http[route], ns);
}

static void times_print_heading(FILE *out, const char *name, const char *sentence)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s histogram\n", name, sentence, name);
}

/* The count is the buckets', so that they agree. */
static void times_print(
        FILE *out, const char *name, const char *labels, const struct times_histogram *histogram)
{
	uint64_t count = 0, sum_ns = __atomic_load_n(&histogram->sum_ns, __ATOMIC_RELAXED);
	const char *open = *labels ? "{" : "", *close = *labels ? "}" : "", *comma = *labels ? "," : "";

	for (size_t i = 0; i <= TIMES_BOUNDS; i++) {
		count += __atomic_load_n(&histogram->buckets[i], __ATOMIC_RELAXED);
		fprintf(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
		        i < TIMES_BOUNDS ? times_bounds[i].le : "+Inf", count);
	}
	fprintf(out, "%s_sum%s%s%s %" PRIu64 ".%09" PRIu64 "\n%s_count%s%s%s %" PRIu64 "\n", name, open,
	        labels, close, (uint64_t)(sum_ns / CLK_NS_PER_S), (uint64_t)(sum_ns % CLK_NS_PER_S), name,
	        open, labels, close, count);
}

void times_print_uploads(FILE *out)
{
	static const char name[] = "wirespool_uploads_seconds";

	times_print_heading(out, name, "Time from a recording's end to the store's confirmation.");
	times_print(out, name, "", &times_uploads);
}

void times_print_http(FILE *out)
{
	static const char name[] = "wirespool_control_http_request_seconds";

	times_print_heading(out, name,
	        "Time from an HTTP request's first line to its answer's last byte, downloads included.");
	for (size_t i = 0; i < TIMES_ROUTES; i++)
		times_print(out, name, times_routes[i], &times_http[i]);
}
