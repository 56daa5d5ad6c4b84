/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger's alarm; the dataplane is played by the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/stat.h"
#include "control/audit.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/events.h"
#include "uploader/uploader.h"

static struct control control;
static struct event_base *loop;
static struct audit *audit;
static struct stat_segment *counters;
static struct events_reader *reader;
static uint64_t now_ns = CLK_NS_PER_S;

bool dataplane_is_up(struct dataplane *dataplane)
{
	return true;
}

bool dataplane_with_stats(
        struct dataplane *dataplane, void (*use)(void *arg, const struct stat_segment *stat), void *arg)
{
	use(arg, counters);
	return true;
}

static struct uploader_account objects;

void uploader_account(struct uploader *uploader, struct uploader_account *ret_account)
{
	*ret_account = objects;
}

static void wake(void *arg)
{
}

static int set_up(void **state)
{
	const struct stat_cfg cfg = { .instances = { 1, 1, 2, 1, 1, 1 } };
	const struct events_filter all = { 0 };
	char path[] = "/tmp/test_audit.XXXXXX";

	close(mkstemp(path));
	assert_int_equal(stat_create(&counters, path, &cfg), 0);
	unlink(path);
	stat_set_label(counters, STAT_SCOPE_TRACK, 0, "demo/alice/video0");
	assert_int_equal(events_create(&control.events), 0);
	assert_int_equal(events_reader_create(&reader, control.events, &all, wake, NULL), 0);
	loop = event_base_new();
	return audit_create(&audit, &control, loop);
}

static int tear_down(void **state)
{
	audit_free(audit);
	audit_free(NULL);
	event_base_free(loop);
	events_reader_free(reader);
	events_free(control.events);
	stat_close(counters);
	return 0;
}

/* A little more than two of the ledger's windows: in the first of them all may have been well. */
static void look_on(void)
{
	for (unsigned i = 0; i < 210; i++, now_ns += CLK_NS_PER_S / 10)
		audit_look(audit, now_ns);
}

static void assert_prints(const char *line)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	audit_print(audit, out);
	fclose(out);
	assert_non_null(strstr(text, line));
	free(text);
}

static void assert_tells(const char *want)
{
	json_t *json = audit_json(audit), *wanted = json_loads(want, 0, NULL);

	assert_non_null(wanted);
	assert_true(json_equal(json, wanted));
	json_decref(json);
	json_decref(wanted);
}

static const char *events(void)
{
	static char text[4096];
	ssize_t n = events_reader_read(reader, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void an_lcore_that_lost_packets_raises_an_alarm_and_clears_it(void **state)
{
	uint64_t *lcore = stat_slot(counters, STAT_SCOPE_LCORE, 1);
	const char *told;

	look_on();
	assert_prints("wirespool_unaccounted_packets{account=\"lcore 1\"} 0\n");
	assert_prints("{account=\"ports\"} 0\n");
	assert_tells("{\"accounts\": 4, \"unaccounted\": []}");
	assert_null(strstr(events(), "event:"));
	stat_add(lcore, STAT_LCORE_forwarded_in, 3);
	look_on();
	assert_prints("{account=\"lcore 0\"} 0\n");
	assert_prints("{account=\"lcore 1\"} 3\n");
	assert_tells("{\"accounts\": 4, \"unaccounted\": [{\"account\": \"lcore 1\", \"packets\": 3}]}");
	told = events();
	assert_non_null(strstr(told, "event: alarm.raised\n"));
	assert_non_null(strstr(told, "\"account\":\"lcore 1\""));
	assert_non_null(strstr(told, "\"reason\":\"3 packets came in"));
	look_on();
	assert_string_equal(events(), ""); /* once */
	stat_add(lcore, STAT_LCORE_drop_no_flow, 3);
	look_on();
	assert_non_null(strstr(events(), "event: alarm.cleared\n"));
	assert_prints("{account=\"lcore 1\"} 0\n");
}

static void a_track_goes_by_its_name(void **state)
{
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 0), STAT_TRACK_state, 4);
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 0), STAT_TRACK_pkts, 5);
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 0), STAT_TRACK_filed_pkts, 5);
	stat_set(stat_slot(counters, STAT_SCOPE_FLOW, 0), STAT_FLOW_pkts, 4);
	look_on();
	assert_prints("{account=\"tracks\"} -1\n");
	assert_tells("{\"accounts\": 6, \"unaccounted\": [{\"account\": \"track demo/alice/video0 (0)\", "
	             "\"packets\": -1}]}");
	assert_non_null(strstr(events(), "1 packets more are accounted for than came in"));
}

static void files_go_by_their_tracks_name(void **state)
{
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 0), STAT_TRACK_state, 4);
	stat_set(stat_slot(counters, STAT_SCOPE_TRACK, 0), STAT_TRACK_pkts, 5);
	stat_set(stat_slot(counters, STAT_SCOPE_FLOW, 0), STAT_FLOW_pkts, 5);
	look_on();
	assert_prints("{account=\"files\"} 5\n");
	assert_prints("{account=\"tracks\"} 0\n");
	assert_tells("{\"accounts\": 6, \"unaccounted\": [{\"account\": \"files demo/alice/video0 (0)\", "
	             "\"packets\": 5}]}");
	assert_non_null(strstr(events(), "5 packets were recorded that are in none of its files"));
}

static void bytes_that_are_in_no_object_and_not_waiting_raise_an_alarm(void **state)
{
	const char *told;

	objects = (struct uploader_account){
		.offered = 1000, .objects = 400, .pending = 300, .failed = 200, .forgotten = 100
	};
	control.uploader = (struct uploader *)&objects;
	look_on();
	assert_prints("\nwirespool_unaccounted_bytes{account=\"objects\"} 0\n");
	assert_prints("\nwirespool_uploads_account_bytes{where=\"failed\"} 200\n");
	assert_null(strstr(events(), "event:"));
	objects.pending = 293;
	look_on();
	assert_prints("\nwirespool_unaccounted_bytes{account=\"objects\"} 7\n");
	assert_tells(
	        "{\"accounts\": 5, \"unaccounted\": [{\"account\": \"objects\", \"bytes\": 7}], \"objects\": "
	        "{\"offered\": 1000, \"objects\": 400, \"pending\": 293, \"failed\": 200, \"forgotten\": "
	        "100}}");
	told = events();
	assert_non_null(strstr(told, "event: alarm.raised\n"));
	assert_non_null(strstr(told, "\"account\":\"objects\""));
	assert_non_null(strstr(told, "\"bytes\":7"));
	objects.objects = 407;
	look_on();
	assert_non_null(strstr(events(), "event: alarm.cleared\n"));
	control.uploader = NULL;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_lcore_that_lost_packets_raises_an_alarm_and_clears_it),
		CASE(a_track_goes_by_its_name),
		CASE(files_go_by_their_tracks_name),
		CASE(bytes_that_are_in_no_object_and_not_waiting_raise_an_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
