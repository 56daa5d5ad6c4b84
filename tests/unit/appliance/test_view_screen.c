/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* Views on screens of any size, driven by keys; a real segment, and no control behind its address. */
#include <locale.h>
#include "appliance/top/ui.h"
#include "appliance/top/view.h"
#include "tests/unit/appliance/hall.h"

static struct hall hall;
static struct options options = { .url = (char[]){ "http://127.0.0.1:1" }, .min_free_bytes = 0 };
static struct machine *machine;
static struct ui ui;
static struct screen screen;
static char *text;

static int setup(void **state)
{
	if (hall_make(&hall))
		return -1;
	ui = (struct ui){ .view = UI_OVERVIEW };
	screen = (struct screen){ .unicode = true };
	options.run_dir = hall.dir;
	for (unsigned slot = 0; slot < HALL_TRACKS; slot++) {
		HALL_SET(&hall, TRACK, slot, state, TRACKS_RECORDING);
		HALL_SET(&hall, FLOW, slot, ssrc, 0xa0 + slot);
	}
	HALL_SET(&hall, PORT, 0, link_up, 1);
	return machine_create(&machine, &options);
}

static int teardown(void **state)
{
	machine_free(machine);
	hall_free(&hall);
	screen_free(&screen);
	free(text);
	text = NULL;
	return 0;
}

static void look(void)
{
	struct machine_wants wants = ui_wants(&ui);

	for (unsigned slot = 0; slot < HALL_TRACKS; slot++)
		HALL_ADD(&hall, FLOW, slot, bytes, 1000 * (slot + 1));
	HALL_ADD(&hall, LCORE, 0, polls, 1);
	machine_refresh(machine, &wants);
	ui_follow(&ui, machine, true);
}

static const char *draw(unsigned rows, unsigned cols)
{
	size_t len;
	FILE *out;

	assert_int_equal(screen_resize(&screen, rows, cols), 0);
	view_screen(&screen, machine, &ui);
	free(text);
	out = open_memstream(&text, &len);
	screen_print(&screen, out);
	fclose(out);
	return text;
}

static void holds(const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in:\n%s", part, text);
}

static void press(const char *keys)
{
	for (; *keys; keys++)
		ui_press(&ui, machine, *keys == '\n' ? UI_KEY_ENTER : (unsigned char)*keys);
}

static void every_view_fits_every_screen(void **state)
{
	static const unsigned sizes[][2] = { { 1, 1 }, { 2, 2 }, { 3, 7 }, { 5, 20 }, { 9, 40 }, { 10, 79 },
		{ 24, 80 }, { 50, 200 }, { 3, 500 }, { 200, 4 } };

	for (unsigned view = 0; view < UI_VIEWS; view++) {
		press((char[]){ (char)('1' + view), '\0' });
		look();
		look();
		for (unsigned open = 0; open < 2; open++) {
			for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
				draw(sizes[i][0], sizes[i][1]);
				assert_int_equal(screen.rows, sizes[i][0]);
			}
			press("\n");
		}
	}
}

static void the_overview_shows_figures_and_alarms(void **state)
{
	HALL_SET(&hall, PROC, 0, sessions_open, 3);
	look();
	HALL_ADD(&hall, LCORE, 0, drop_auth, 1000);
	look();
	draw(24, 80);
	holds("wirespool 1 warning  dataplane live");
	holds("Sessions  3, 0 tracks");
	holds("auth: ");
	holds("SRTP key");
	holds("lcore 1");
	holds("q quit");
}

static void tracks_are_sorted_reversed_and_filtered_by_keys(void **state)
{
	press("3");
	look();
	look();
	draw(24, 80);
	holds("8 of 8 tracks by kbit/s");
	assert_true(strstr(text, "#7") < strstr(text, "#0"));
	press("r");
	draw(24, 80);
	holds("reversed");
	assert_true(strstr(text, "#0") < strstr(text, "#7"));
	press("/a3");
	draw(24, 80);
	holds("filter: a3_");
	press("\n");
	draw(24, 80);
	holds("1 of 8 tracks");
	holds("#3");
	ui_press(&ui, machine, UI_KEY_ESCAPE);
	draw(24, 80);
	holds("8 of 8");
}

static void the_selection_stays_with_its_track(void **state)
{
	press("3");
	look();
	look();
	press("j");
	assert_int_equal(ui.slot, 6);
	press("r");
	assert_int_equal(ui.selected[UI_TRACKS], 6);
	press("\n");
	look();
	draw(24, 80);
	holds("slot 6, SSRC 000000a6");
	holds("key frames");
	ui_press(&ui, machine, UI_KEY_ESCAPE);
	draw(24, 80);
	holds("8 of 8");
	ui_press(&ui, machine, UI_KEY_END);
	assert_int_equal(ui.selected[UI_TRACKS], 7);
	ui_press(&ui, machine, UI_KEY_HOME);
	assert_int_equal(ui.selected[UI_TRACKS], 0);
}

static void a_list_scrolls_with_its_selection(void **state)
{
	press("3");
	look();
	look();
	draw(7, 80);
	assert_null(strstr(text, "#0"));
	ui_press(&ui, machine, UI_KEY_END);
	draw(7, 80);
	holds("#0");
	assert_null(strstr(text, "#7"));
}

static void without_control_no_action_is_begun(void **state)
{
	press("3");
	look();
	press("x");
	assert_int_equal(ui.prompt, UI_NO_PROMPT);
	draw(24, 80);
	holds("control is not there to be asked");
	press("5t");
	assert_int_equal(ui.prompt, UI_NO_PROMPT);
}

static void only_y_confirms(void **state)
{
	ui.prompt = UI_CONFIRM;
	ui.action = (struct ui_action){ .method = "DELETE", .path = "/x", .what = "stop it" };
	draw(5, 20);
	holds("y/n? stop it");
	press("q");
	assert_false(ui.quits);
	assert_string_equal(ui.message, "nothing was done");
	assert_false(api_is_acting(machine->api));
	ui.prompt = UI_CONFIRM;
	press("y");
	assert_true(api_is_acting(machine->api));
	press("q");
	assert_true(ui.quits);
}

static void a_dataplane_that_is_not_there_is_told(void **state)
{
	unlink(hall.path);
	for (unsigned view = 0; view < UI_VIEWS; view++) {
		press((char[]){ (char)('1' + view), '\0' });
		look();
		draw(24, 80);
		holds("dataplane absent");
	}
	press("1");
	draw(24, 80);
	holds("No such file or directory");
	assert_int_equal(hall_segment(&hall), 0);
	look();
	draw(24, 80);
	holds("dataplane live");
	press("6");
	draw(24, 80);
	holds("started");
}

static void help_stays_until_a_key_that_does_nothing_else(void **state)
{
	press("3");
	look();
	press("?");
	draw(40, 80);
	holds("any key: back");
	holds("stop its session");
	holds("since start");
	press("q");
	assert_false(ui.quits);
	draw(24, 80);
	holds("8 of 8 tracks");
}

static void alarms_stand_in_front_and_leave_room_for_figures(void **state)
{
	look();
	HALL_ADD(&hall, LCORE, 0, drop_auth, 1000);
	HALL_ADD(&hall, LCORE, 0, drop_no_flow, 1000);
	HALL_ADD(&hall, LCORE, 0, drop_no_track, 1000);
	HALL_ADD(&hall, LCORE, 0, drop_udp_checksum, 1000);
	HALL_ADD(&hall, WRITER, 0, drop_no_block, 1);
	HALL_SET(&hall, PORT, 0, link_up, 0);
	look();
	draw(24, 80);
	holds("port 0: no link");
	holds("more: on a larger screen, or by --once");
	holds("Uploads ");
	assert_true(strstr(text, "no link") < strstr(text, "\nIn "));
	draw(60, 80);
	holds("udp_checksum: ");
	assert_null(strstr(text, "larger screen"));
}

static void what_goes_out_is_in_bits_too(void **state)
{
	look();
	HALL_ADD(&hall, LCORE, 0, tx_bytes, 1000000);
	look();
	draw(24, 80);
	assert_non_null(strstr(text, "Out "));
	assert_null(strstr(text, "Out       0 bit/s"));
}

static void on_a_narrow_screen_the_current_view_alone_is_named(void **state)
{
	look();
	press("2");
	draw(24, 40);
	holds("\n1  2 lcores  3 4 5 6 7\n");
	draw(24, 80);
	holds(" 1 overview   2 lcores   3 tracks ");
}

static void who_has_gone_down_the_events_stays_there(void **state)
{
	for (unsigned i = 0; i < 5; i++)
		eventlog_see(&machine->log, 1, false, "old", "number %u", i);
	press("6");
	look();
	press("j");
	eventlog_see(&machine->log, 2, false, "new", "one");
	eventlog_see(&machine->log, 2, false, "new", "another");
	look();
	assert_int_equal(ui.selected[UI_EVENTS], 3);
	ui_press(&ui, machine, UI_KEY_HOME);
	eventlog_see(&machine->log, 3, false, "new", "a third");
	look();
	assert_int_equal(ui.selected[UI_EVENTS], 0);
}

static void the_log_says_why_there_is_none(void **state)
{
	static const char entry[] =
	        "{\"MESSAGE\":\"hello\",\"_SYSTEMD_UNIT\":\"wirespool-control.service\"}\n";
	char path[4096];

	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	setenv("PATH", "/nonexistent", 1);
	press("7");
	look();
	setenv("PATH", path, 1);
	draw(24, 80);
	holds("There is no journalctl");
	logbook_push(&machine->book, entry, strlen(entry));
	look();
	draw(24, 80);
	holds(" control      hello");
	draw(5, 20);
	holds("\n         control hel\n");
}

static void an_opened_track_has_its_course(void **state)
{
	press("3");
	look();
	look();
	press("\n");
	for (unsigned i = 0; i < 4; i++)
		look();
	draw(40, 100);
	holds("bit rate ");
	holds("max  ");
	holds("PLI/FIR sent");
	holds("█\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(every_view_fits_every_screen),
		CASE(help_stays_until_a_key_that_does_nothing_else),
		CASE(alarms_stand_in_front_and_leave_room_for_figures), CASE(what_goes_out_is_in_bits_too),
		CASE(on_a_narrow_screen_the_current_view_alone_is_named),
		CASE(who_has_gone_down_the_events_stays_there), CASE(the_log_says_why_there_is_none),
		CASE(an_opened_track_has_its_course), CASE(the_overview_shows_figures_and_alarms),
		CASE(tracks_are_sorted_reversed_and_filtered_by_keys),
		CASE(the_selection_stays_with_its_track), CASE(a_list_scrolls_with_its_selection),
		CASE(without_control_no_action_is_begun), CASE(only_y_confirms),
		CASE(a_dataplane_that_is_not_there_is_told) };

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
