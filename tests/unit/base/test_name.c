/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/name.h"

#define TEMPLATE "{room}_{trackID}_{timestamp}.{ext}"

static const struct name_parts call = { .room = "demo",
	.participant = "alice",
	.track_id = "video0",
	.session_id = "s_abc",
	.ext = "ivf",
	.unix_s = 1710123456 };

static void check_room(const char *room, const char *expected)
{
	struct name_parts parts = call;
	char name[NAME_BYTES];

	parts.room = room;
	assert_int_equal(name_make(name, TEMPLATE, &parts, 0), 0);
	assert_string_equal(name, expected);
	assert_true(name_valid(name));
}

static void fills_every_placeholder(void **state)
{
	char name[NAME_BYTES];

	assert_int_equal(name_make(name, TEMPLATE, &call, 0), 0);
	assert_string_equal(name, "demo_video0_1710123456.ivf");
	assert_int_equal(name_make(name, "x-{participant}-{session}{ext}.{ext}", &call, 1), 0);
	assert_string_equal(name, "x-alice-s_abcivf.ivf");
}

static void makes_hostile_names_safe(void **state)
{
	check_room("../etc/passwd", "---etc-passwd_video0_1710123456.ivf");
	check_room("..", "--_video0_1710123456.ivf");
	check_room(".hidden", "-hidden_video0_1710123456.ivf");
	check_room("a/b\\c:d*e\n\x7F", "a-b-c-d-e--_video0_1710123456.ivf");
	check_room("A.b-C_9", "A.b-C_9_video0_1710123456.ivf");
	check_room("", "-_video0_1710123456.ivf");
	check_room(NULL, "-_video0_1710123456.ivf");
}

static void one_dash_for_a_character_of_utf8(void **state)
{
	check_room("gr\xC3\xBC\xC3\x9F", "gr--_video0_1710123456.ivf"); /* two of two bytes */
	check_room("\xE4\xBC\x9A", "-_video0_1710123456.ivf");          /* three */
	check_room("\xF0\x9F\x8E\xA5z", "-z_video0_1710123456.ivf");    /* four */
}

/* RFC 3629 section 3 (ill-formed sequences): each byte on its own. */
static void one_dash_for_a_byte_that_is_no_utf8(void **state)
{
	check_room("\x80", "-_video0_1710123456.ivf");
	check_room("\xFF\xFE", "--_video0_1710123456.ivf");
	check_room("\xC3", "-_video0_1710123456.ivf");                /* cut */
	check_room("\xE4\xBC", "--_video0_1710123456.ivf");           /* cut */
	check_room("\xE4\xBCz", "--z_video0_1710123456.ivf");         /* cut */
	check_room("\xC0\xAF", "--_video0_1710123456.ivf");           /* overlong '/' */
	check_room("\xE0\x9F\xBF", "---_video0_1710123456.ivf");      /* overlong */
	check_room("\xF0\x8F\xBF\xBF", "----_video0_1710123456.ivf"); /* overlong */
	check_room("\xED\xA0\x80", "---_video0_1710123456.ivf");      /* surrogate */
	check_room("\xF4\x90\x80\x80", "----_video0_1710123456.ivf"); /* past U+10FFFF */
}

static void characters_of_the_template_are_made_safe_too(void **state)
{
	char name[NAME_BYTES];

	assert_int_equal(name_make(name, "../r\xC3\xBC/{room}}.{ext}", &call, 0), 0);
	assert_string_equal(name, "---r--demo-.ivf");
}

static void a_copy_is_numbered_before_the_extension(void **state)
{
	char name[NAME_BYTES];

	assert_int_equal(name_make(name, TEMPLATE, &call, 1), 0);
	assert_string_equal(name, "demo_video0_1710123456.ivf");
	assert_int_equal(name_make(name, TEMPLATE, &call, 2), 0);
	assert_string_equal(name, "demo_video0_1710123456-2.ivf");
	assert_int_equal(name_make(name, TEMPLATE, &call, UINT32_MAX), 0);
	assert_string_equal(name, "demo_video0_1710123456-4294967295.ivf");
}

static void a_long_name_is_cut_before_copy_and_extension(void **state)
{
	struct name_parts parts = call;
	char long_room[301], name[NAME_BYTES];

	memset(long_room, 'r', 300);
	long_room[300] = '\0';
	parts.room = long_room;
	assert_int_equal(name_make(name, TEMPLATE, &parts, 0), 0);
	assert_int_equal(strlen(name), LIMIT_FILE_NAME_BYTES);
	assert_string_equal(name + LIMIT_FILE_NAME_BYTES - 5, "r.ivf");
	assert_true(name_valid(name));
	assert_int_equal(name_make(name, TEMPLATE, &parts, 17), 0);
	assert_int_equal(strlen(name), LIMIT_FILE_NAME_BYTES);
	assert_string_equal(name + LIMIT_FILE_NAME_BYTES - 8, "r-17.ivf");
	/* The same with an extension that leaves no room. */
	parts.ext = long_room;
	assert_int_equal(name_make(name, TEMPLATE, &parts, 0), -EINVAL);
}

static void a_name_of_an_extension_alone_gets_a_stem(void **state)
{
	char name[NAME_BYTES];

	assert_int_equal(name_make(name, ".{ext}", &call, 0), 0);
	assert_string_equal(name, "-.ivf");
}

static void refuses_unknown_placeholders_and_a_missing_extension(void **state)
{
	static const char *const rows[] = { "", "{ext}", "{room}", "{room}.ivf", "{room}.{ext}x",
		"{rooms}.{ext}", "{Room}.{ext}", "{}.{ext}", "{room.{ext}", "{{room}}.{ext}" };
	char name[NAME_BYTES] = "kept";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(name_make(name, rows[i], &call, 0), -EINVAL);
	assert_string_equal(name, "kept");
}

static void check_refused(const char *template, const char *part_of_why)
{
	const char *why = NULL;

	assert_int_equal(name_check_template(template, &why), -EINVAL);
	assert_non_null(strstr(why, part_of_why));
}

static void a_template_must_give_distinct_playable_names(void **state)
{
	const char *why = NULL;

	assert_int_equal(name_check_template(TEMPLATE, &why), 0);
	assert_int_equal(name_check_template("{session}-{trackID}.{ext}", &why), 0);
	assert_null(why);
	check_refused("{trackID}_{timestamp}", "must end with .{ext}");
	check_refused("{trackID}_{timestamp}{ext}", "must end with .{ext}");
	check_refused("{track}_{timestamp}.{ext}", "placeholder");
	check_refused("{room}_{timestamp}.{ext}", "{trackID}");
	check_refused("{room}_{trackID}.{ext}", "{timestamp}");
}

static void files_around_a_recording_go_both_ways(void **state)
{
	static const char *const files[] = {
		[NAME_FINAL] = "demo_video0_1710123456.ivf",
		[NAME_SIDECAR] = "demo_video0_1710123456.ivf.json",
		[NAME_PART] = ".demo_video0_1710123456.ivf.part",
		[NAME_JOURNAL] = ".demo_video0_1710123456.ivf.journal",
		[NAME_LEDGER] = ".demo_video0_1710123456.ivf.upload",
	};

	for (unsigned kind = 0; kind < sizeof(files) / sizeof(files[0]); kind++) {
		char file[NAME_FILE_BYTES], name[NAME_BYTES];
		enum name_kind found = (enum name_kind) - 1;

		name_file(file, files[NAME_FINAL], kind);
		assert_string_equal(file, files[kind]);
		assert_true(name_parse(file, name, &found));
		assert_string_equal(name, files[NAME_FINAL]);
		assert_int_equal(found, kind);
	}
}

static void the_longest_name_has_room_in_every_kind(void **state)
{
	char name[NAME_BYTES], file[NAME_FILE_BYTES], back[NAME_BYTES], entry[600];
	enum name_kind kind;

	memset(name, 'n', LIMIT_FILE_NAME_BYTES);
	strcpy(name + LIMIT_FILE_NAME_BYTES - 4, ".ogg");
	name_file(file, name, NAME_JOURNAL);
	assert_int_equal(strlen(file), LIMIT_FILE_NAME_BYTES + 9);
	assert_true(name_parse(file, back, &kind));
	assert_string_equal(back, name);
	/* One more is none of ours. */
	strcpy(entry, "n");
	strcat(entry, name);
	assert_false(name_valid(entry));
	assert_false(name_parse(entry, back, &kind));
	strcpy(entry, ".n");
	strcat(strcat(entry, name), ".part");
	assert_false(name_parse(entry, back, &kind));
}

static void other_directory_entries_are_none_of_ours(void **state)
{
	static const char *const rows[] = { "", ".", "..", "lost+found", "notes.txt", "a.ivf.part", ".a.ivf",
		".part", "..part", ".a.part", ".a.ivf.tmp", "a.json", ".json", "a.ivf.json.json",
		"..a.ivf.part", "a b.ivf", "a/b.ivf", "a.IVF", "ivf", ".ivf", "a.ivf ", "\xC3\xBC.ivf",
		".a.ivf.json", "a.ivf/../b.ogg" };
	char name[NAME_BYTES] = "kept";
	enum name_kind kind = NAME_LEDGER;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(name_parse(rows[i], name, &kind));
		assert_false(name_valid(rows[i]));
	}
	assert_string_equal(name, "kept");
	assert_int_equal(kind, NAME_LEDGER);
	/* A sidecar is ours, but is no recording. */
	assert_false(name_valid("a.ivf.json"));
}

static void content_type_follows_the_extension(void **state)
{
	assert_string_equal(name_content_type("a.ivf"), "video/x-ivf");
	assert_string_equal(name_content_type("a.b.ogg"), "audio/ogg");
	assert_string_equal(name_content_type("a.h264"), "video/h264");
	assert_string_equal(name_content_type("a.wav"), "audio/wav");
	assert_string_equal(name_content_type("a.ogg.bin"), "application/octet-stream");
	assert_string_equal(name_content_type("ogg"), "application/octet-stream");
	assert_string_equal(name_content_type(""), "application/octet-stream");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_every_placeholder),
		cmocka_unit_test(makes_hostile_names_safe),
		cmocka_unit_test(one_dash_for_a_character_of_utf8),
		cmocka_unit_test(one_dash_for_a_byte_that_is_no_utf8),
		cmocka_unit_test(characters_of_the_template_are_made_safe_too),
		cmocka_unit_test(a_copy_is_numbered_before_the_extension),
		cmocka_unit_test(a_long_name_is_cut_before_copy_and_extension),
		cmocka_unit_test(a_name_of_an_extension_alone_gets_a_stem),
		cmocka_unit_test(refuses_unknown_placeholders_and_a_missing_extension),
		cmocka_unit_test(a_template_must_give_distinct_playable_names),
		cmocka_unit_test(files_around_a_recording_go_both_ways),
		cmocka_unit_test(the_longest_name_has_room_in_every_kind),
		cmocka_unit_test(other_directory_entries_are_none_of_ours),
		cmocka_unit_test(content_type_follows_the_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
