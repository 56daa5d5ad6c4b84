/* SPDX-License-Identifier: BSD-3-Clause */
/* stat_print.c and stat_row.c. */
#include "base/stat.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *text;
static struct stat_segment *segment;

static int setup(void **state)
{
	static const struct stat_cfg cfg = { .instances = { 1, 2, 2, 4, 1, 4 } };
	char path[] = "/tmp/test_stat_print.XXXXXX";
	int fd = mkstemp(path), err = stat_create(&segment, path, &cfg);

	unlink(path);
	return close(fd) || err;
}

static int teardown(void **state)
{
	stat_close(segment);
	free(text);
	return 0;
}

static const char *prometheus(void)
{
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	stat_print_prometheus(segment, out);
	fclose(out);
	return text;
}

static void holds(const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	if (!strstr(text, whole))
		fail_msg("no line '%s' in:\n%s", line, text);
}

static unsigned count(const char *part)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

static void values_stand_with_name_type_and_label(void **state)
{
	stat_set_label(segment, STAT_SCOPE_PORT, 0, "net_af_packet0");
	stat_set(stat_slot(segment, STAT_SCOPE_PORT, 0), STAT_PORT_rx_pkts, UINT64_MAX);
	stat_set(stat_slot(segment, STAT_SCOPE_LCORE, 1), STAT_LCORE_stall_max_ns, 77);
	stat_set(stat_slot(segment, STAT_SCOPE_PROC, 0), STAT_PROC_tracks_open, 3);
	prometheus();
	holds("# HELP wirespool_port_rx_pkts_total Packets received by the port.\n"
	      "# TYPE wirespool_port_rx_pkts_total counter\n"
	      "wirespool_port_rx_pkts_total{port=\"net_af_packet0\"} 18446744073709551615\n"
	      "wirespool_port_rx_pkts_total{port=\"1\"} 0");
	holds("# TYPE wirespool_lcore_stall_max_ns gauge\n"
	      "wirespool_lcore_stall_max_ns{lcore=\"0\"} 0\n"
	      "wirespool_lcore_stall_max_ns{lcore=\"1\"} 77");
	holds("wirespool_proc_tracks_open 3");
	assert_null(strstr(text, "wirespool_flow_"));
	assert_null(strstr(text, "wirespool_track_"));
}

static void drop_reasons_are_one_metric(void **state)
{
	stat_set(stat_slot(segment, STAT_SCOPE_LCORE, 0), STAT_LCORE_drop_auth, 9);
	prometheus();
	holds("# HELP wirespool_lcore_drops_total What was dropped, by reason, in packets.\n"
	      "# TYPE wirespool_lcore_drops_total counter");
	holds("wirespool_lcore_drops_total{lcore=\"0\",reason=\"auth\"} 9");
	holds("wirespool_lcore_drops_total{lcore=\"1\",reason=\"auth\"} 0");
	holds("# TYPE wirespool_writer_drops_total counter\n"
	      "wirespool_writer_drops_total{writer=\"0\",reason=\"no_block\"} 0");
	assert_int_equal(count("# TYPE wirespool_lcore_drops_total"), 1);
	assert_null(strstr(text, "drop_"));
}

static void a_histogram_is_one_metric(void **state)
{
	uint64_t *slot = stat_slot(segment, STAT_SCOPE_WRITER, 0);

	stat_hist_add(slot, STAT_WRITER_write_ns, 1000);
	stat_hist_add(slot, STAT_WRITER_write_ns, 3000);
	stat_hist_add(slot, STAT_WRITER_write_ns, 1ull << 40);
	prometheus();
	holds("# TYPE wirespool_writer_write_ns histogram\n"
	      "wirespool_writer_write_ns_bucket{writer=\"0\",le=\"1024\"} 1\n"
	      "wirespool_writer_write_ns_bucket{writer=\"0\",le=\"2048\"} 1\n"
	      "wirespool_writer_write_ns_bucket{writer=\"0\",le=\"4096\"} 2");
	holds("wirespool_writer_write_ns_bucket{writer=\"0\",le=\"8589934592\"} 2\n"
	      "wirespool_writer_write_ns_bucket{writer=\"0\",le=\"+Inf\"} 3\n"
	      "wirespool_writer_write_ns_sum{writer=\"0\"} 1099511631776\n"
	      "wirespool_writer_write_ns_count{writer=\"0\"} 3");
	assert_int_equal(count("# TYPE wirespool_writer_write_ns "), 1);
}

static void labels_are_escaped(void **state)
{
	stat_set_label(segment, STAT_SCOPE_PORT, 0, "a\\b\"c\nd\xFF\xC3\xA4");
	prometheus();
	holds("wirespool_port_link_up{port=\"a\\\\b\\\"c\\nd\xEF\xBF\xBD\xC3\xA4\"} 0");
}

static void equal_labels_stay_apart(void **state)
{
	stat_set_label(segment, STAT_SCOPE_PORT, 0, "same");
	stat_set_label(segment, STAT_SCOPE_PORT, 1, "same");
	prometheus();
	holds("wirespool_port_link_up{port=\"same\"} 0\nwirespool_port_link_up{port=\"same#1\"} 0");
}

/* How many histograms of how many instances are told. */
static unsigned hist_instances(void)
{
	static const enum stat_scope scopes[] = { STAT_SCOPE_PROC, STAT_SCOPE_PORT, STAT_SCOPE_LCORE,
		STAT_SCOPE_WRITER };
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++)
		for (unsigned id = 0; id < stat_count(scopes[i]); id += stat_words(stat_row(scopes[i], id)))
			if (stat_row(scopes[i], id)->kind == STAT_KIND_HIST)
				n += stat_instances(segment, scopes[i]);
	return n;
}

/* The grammar of the text format, version 0.0.4: each metric's HELP and TYPE once, then its samples,
 * together. */
static void the_whole_is_valid_exposition(void **state)
{
	regex_t sample;
	char metric[128] = "";
	unsigned metrics = 0, samples = 0, hists = 0;
	bool hist = false;

	assert_int_equal(regcomp(&sample,
	                         "^[a-z_][a-z0-9_]*(\\{[a-z]+=\"[^\"\\\\]*\"(,(reason|le)=\"[a-z0-9_+I]+\")?"
	                         "\\})? [0-9]+$",
	                         REG_EXTENDED | REG_NOSUB),
	        0);
	stat_set_label(segment, STAT_SCOPE_PORT, 0, "a");
	stat_set_label(segment, STAT_SCOPE_PORT, 1, "b");
	prometheus();
	assert_int_equal(text[strlen(text) - 1], '\n');
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t len = strlen(metric);

		if (sscanf(line, "# HELP %127s", metric) == 1) {
			char type[160];

			line = strtok(NULL, "\n");
			len = strlen(metric);
			snprintf(type, sizeof(type), "# TYPE %s ", metric);
			assert_memory_equal(line, type, strlen(type));
			assert_int_equal(
			        !strcmp(metric + len - 6, "_total"), !strcmp(line + strlen(type), "counter"));
			hist = !strcmp(line + strlen(type), "histogram");
			hists += hist;
			metrics++;
			continue;
		}
		assert_memory_equal(line, metric, len);
		assert_true(hist ? line[len] == '_' : line[len] == ' ' || line[len] == '{');
		if (regexec(&sample, line, 0, NULL, 0))
			fail_msg("no sample: %s", line);
		samples++;
	}
	regfree(&sample);
	assert_true(metrics > 30);
	assert_true(hists > 0);
	/* A histogram has its count beside its words. */
	assert_int_equal(samples - hist_instances(),
	        STAT_PROC_COUNT + 2 * STAT_PORT_COUNT + 2 * STAT_LCORE_COUNT + STAT_WRITER_COUNT);
}

static void every_counter_has_its_row(void **state)
{
	assert_string_equal(stat_row(STAT_SCOPE_LCORE, STAT_LCORE_drop_auth)->name, "drop_auth");
	assert_string_equal(stat_row(STAT_SCOPE_PORT, STAT_PORT_link_up)->unit, "bool");
	assert_string_equal(stat_row(STAT_SCOPE_PROC, STAT_PROC_disk_error)->unit, "errno");
	assert_int_equal(stat_row(STAT_SCOPE_TRACK, STAT_TRACK_state)->kind, STAT_KIND_GAUGE);
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		for (unsigned id = 0; id < stat_count(scope); id++) {
			const struct stat_row *row = stat_row(scope, id);

			assert_non_null(row->sentence);
			assert_true(id >= row->first && id < row->first + stat_words(row));
		}
		assert_null(stat_row(scope, stat_count(scope)));
	}
}

static void the_table_has_a_line_a_row(void **state)
{
	unsigned lines = 0, counters = 0;
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	stat_print_markdown(out);
	fclose(out);
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++)
		for (unsigned id = 0; id < stat_count(scope); id += stat_words(stat_row(scope, id)))
			counters++;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, counters + 2);
	holds("| lcore | `rx_pkts` | counter | packets | Packets taken from the RX queues. |");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_stand_with_name_type_and_label),
		cmocka_unit_test(drop_reasons_are_one_metric),
		cmocka_unit_test(a_histogram_is_one_metric),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(equal_labels_stay_apart),
		cmocka_unit_test(the_whole_is_valid_exposition),
		cmocka_unit_test(every_counter_has_its_row),
		cmocka_unit_test(the_table_has_a_line_a_row),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
