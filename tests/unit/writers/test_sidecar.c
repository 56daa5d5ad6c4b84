/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

#include "writers/finalise.h"
#include "writers/sidecar.h"

#define NAME "demo_video0_1710000000.ivf"

/* Write the sidecar of @facts with @journal (NULL: none), and read it back; the caller frees. */
static char *compose(struct house *house, const char *journal, struct sidecar_facts facts)
{
	int dir_fd = finalise_open_dir(house->dir), journal_fd = -1;
	char *json = NULL;

	facts.name = NAME;
	if (journal) {
		journal_fd = openat(dir_fd, "journal", O_RDWR | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(journal_fd, journal, strlen(journal)), strlen(journal));
	}
	assert_int_equal(sidecar_write(dir_fd, journal_fd, &facts), 0);
	assert_true(house_read(house, NAME ".json", &json) > 0);
	assert_false(house_has(house, "." NAME ".json.tmp"));
	/* Every line break is white space of JSON to the line's own grammar. */
	for (char *at = json; *at; at++)
		*at = *at == '\n' ? ' ' : *at;
	assert_true(journal_is_object(json, strlen(json)));
	if (journal)
		close(journal_fd);
	close(dir_fd);
	return json;
}

static void expect(char *json, const char *want)
{
	if (!strstr(json, want))
		fail_msg("no %s in %s", want, json);
}

static void last_line_to_give_a_field_has_its_way(void **state)
{
	struct house house;
	char *json;

	house_prepare(&house);
	json = compose(&house,
	        "M {\"room\":\"a\",\"session\":\"s\"}\nM {\"room\":\"b\",\"extra\":[1,2]}\nZ "
	        "{\"frames\":5,\"reason\":\"x\"}\n"
	        "Z {\"reason\":\"bye\"}\n",
	        (struct sidecar_facts){ .size = 77 });
	expect(json, "\"room\": \"b\"");
	expect(json, "\"reason\": \"bye\"");
	expect(json, "\"frames\": 5");
	expect(json, "\"extra\": [1,2]");
	expect(json, "\"size\": 77");
	expect(json, "\"previous\": null,   \"next\": null,   \"repaired\": false");
	free(json);
	house_remove_all(house.dir);
}

static void journal_cannot_forge_facts(void **state)
{
	struct house house;
	char *json;

	house_prepare(&house);
	json = compose(&house,
	        "M "
	        "{\"name\":\"../../etc/"
	        "passwd\",\"state\":\"x\",\"size\":1,\"sha256\":\"0\",\"repaired\":7,\"version\":9,"
	        "\"gaps\":3}\n",
	        (struct sidecar_facts){ .size = 77, .sha256 = { 0xAB } });
	expect(json, "\"version\": 1, ");
	expect(json, "\"name\": \"" NAME "\"");
	expect(json, "\"state\": \"finished\"");
	expect(json, "\"size\": 77");
	expect(json, "\"sha256\": \"ab00");
	expect(json, "\"repaired\": false");
	expect(json, "\"gaps\": []");
	assert_null(strstr(json, "passwd"));
	free(json);
	house_remove_all(house.dir);
}

static void more_fields_than_fit_leave_it_valid(void **state)
{
	struct house house;
	char *journal = calloc(1, 1 << 20), *json;
	size_t len = 0;

	house_prepare(&house);
	for (unsigned i = 0; i < 3000; i++)
		len += (size_t)sprintf(journal + len, "M {\"field%u\":\"%0*u\"}\n", i, i % 200, i);
	for (unsigned i = 0; i < 300; i++)
		len += (size_t)sprintf(journal + len, "M {\"room\":\"%0*u\"}\n", 500, i);
	json = compose(&house, journal, (struct sidecar_facts){ .size = 3, .repaired = true });
	expect(json, "{   \"version\": 1,");
	expect(json, "\"repaired\": true");
	free(json);
	free(journal);
	house_remove_all(house.dir);
}

/* A clock that is written again and again leaves the room for what comes last. */
static void field_given_a_thousand_times_takes_room_once(void **state)
{
	struct house house;
	char *journal = calloc(1, 1 << 20), *json;
	size_t len = 0;

	house_prepare(&house);
	for (unsigned i = 0; i < 1000; i++)
		len += (size_t)sprintf(
		        journal + len, "M {\"clock\":{\"samples\":%u,\"x\":\"%0*u\"}}\n", i, 60 + i % 90, i);
	strcpy(journal + len, "Z {\"frames\":7,\"clock\":{\"samples\":1000}}\n");
	json = compose(&house, journal, (struct sidecar_facts){ .size = 3 });
	expect(json, "\"frames\": 7");
	expect(json, "\"clock\": {\"samples\":1000}");
	free(json);
	journal[len] = '\0'; /* a crash */
	json = compose(&house, journal, (struct sidecar_facts){ .size = 3, .scanned = true, .frames = 5 });
	expect(json, "\"clock\": {\"samples\":999,");
	expect(json, "\"frames\": 5");
	free(json);
	free(journal);
	house_remove_all(house.dir);
}

static void lines_become_elements_in_order(void **state)
{
	struct house house;
	char *json;

	house_prepare(&house);
	json = compose(&house,
	        "G {\"n\":1}\nC {\"c\":1}\nG {\"n\":2}\nS {\"s\":1}\nE {\"e\":1}\nG {\"n\":3}\n",
	        (struct sidecar_facts){ .size = 3 });
	expect(json, "\"gaps\": [     {\"n\":1},     {\"n\":2},     {\"n\":3}   ]");
	expect(json, "\"sender_reports\": [     {\"c\":1}   ]");
	expect(json, "\"events\": [     {\"e\":1}   ]");
	expect(json, "\"sizes\": [     {\"s\":1}   ]");
	free(json);
	house_remove_all(house.dir);
}

static void scanned_figures_replace_the_tracks(void **state)
{
	struct sidecar_facts facts = { .size = 9,
		.scanned = true,
		.frames = 10,
		.first_pts = 90000,
		.last_pts = 180000,
		.modified_unix_ns = 1710000000ull * CLK_NS_PER_S };
	struct house house;
	char *json;

	house_prepare(&house);
	json = compose(&house, NULL, facts);
	expect(json, "\"frames\": 10");
	expect(json, "\"duration_s\": 1.000000");
	expect(json, "\"started\": \"2024-03-09T15:59:59.000000Z\"");
	expect(json, "\"ended\": \"2024-03-09T16:00:00.000000Z\"");
	expect(json, "\"reason\": \"crash\"");
	free(json);
	json = compose(&house,
	        "M {\"clock_rate\":45000,\"started\":\"2024-01-01T00:00:00Z\"}\nG {\"packets\":2}\n", facts);
	expect(json, "\"duration_s\": 2.000000");
	expect(json, "\"ended\": \"2024-01-01T00:00:02.000000Z\"");
	expect(json, "\"gap_packets\": 2");
	free(json);
	json = compose(&house, "M {\"clock_rate\":0,\"started\":17}\n", facts);
	expect(json, "\"duration_s\": 1.000000");
	free(json);
	/* What the track says holds where it fits what was found. */
	json = compose(
	        &house, "Z {\"frames\":10,\"key_frames\":2,\"duration_s\":1.04,\"reason\":\"bye\"}\n", facts);
	expect(json, "\"duration_s\": 1.04,");
	expect(json, "\"key_frames\": 2");
	expect(json, "\"reason\": \"bye\"");
	free(json);
	house_remove_all(house.dir);
}

static void end_from_memory_stands_in_for_the_journals(void **state)
{
	struct house house;
	char *json;

	house_prepare(&house);
	json = compose(&house, "M {\"room\":\"a\"}\n",
	        (struct sidecar_facts){ .end = "{\"reason\":\"disk: full\"}" });
	expect(json, "\"reason\": \"disk: full\"");
	free(json);
	json = compose(&house, "M {\"room\":\"a\"}\n", (struct sidecar_facts){ .end = "not JSON" });
	assert_null(strstr(json, "reason"));
	free(json);
	house_remove_all(house.dir);
}

static void link_is_set_and_nothing_else_changes(void **state)
{
	struct house house;
	char *before, *after = NULL, *line = malloc(5000);
	int dir_fd;

	house_prepare(&house);
	dir_fd = finalise_open_dir(house.dir);
	memset(line, 'x', 5000);
	memcpy(line, "E {\"e\":\"", 8);
	strcpy(line + 4000, "  \\\"next\\\": \"}\n");
	before = compose(&house, line, (struct sidecar_facts){ .size = 3 });
	assert_int_equal(sidecar_link(dir_fd, NAME, "after.ivf"), 0);
	assert_true(house_read(&house, NAME ".json", &after) > 0);
	assert_non_null(strstr(after, "\n  \"next\": \"after.ivf\",\n  \"repaired\": false\n}\n"));
	assert_int_equal(strlen(after), strlen(before) - strlen("null") + strlen("\"after.ivf\""));
	assert_int_equal(sidecar_link(dir_fd, NAME, "last.ivf"), 0);
	assert_true(house_sidecar_says(&house, NAME, "\"next\": \"last.ivf\""));
	assert_int_equal(sidecar_link(dir_fd, "none.ivf", "x.ivf"), -ENOENT);
	free(before);
	free(after);
	free(line);
	close(dir_fd);
	house_remove_all(house.dir);
}

static void foreign_sidecar_gets_no_link(void **state)
{
	struct house house;
	int dir_fd, fd;

	house_prepare(&house);
	dir_fd = finalise_open_dir(house.dir);
	fd = openat(dir_fd, NAME ".json", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "{\"next\":null}", 13), 13);
	close(fd);
	assert_int_equal(sidecar_link(dir_fd, NAME, "after.ivf"), -EBADMSG);
	assert_true(house_sidecar_says(&house, NAME, "{\"next\":null}"));
	assert_int_equal(house_entries(&house), 1);
	close(dir_fd);
	house_remove_all(house.dir);
}

static void reserved_space_is_used_or_given_back(void **state)
{
	struct house house;
	char *json;
	int dir_fd;

	house_prepare(&house);
	dir_fd = finalise_open_dir(house.dir);
	sidecar_reserve(dir_fd, NAME);
	assert_int_equal(house_read(&house, "." NAME ".json.tmp", NULL), 0);
	json = compose(&house, NULL, (struct sidecar_facts){ .size = 3 });
	free(json);
	sidecar_reserve(dir_fd, NAME);
	sidecar_unreserve(dir_fd, NAME);
	assert_int_equal(house_entries(&house), 1);
	close(dir_fd);
	house_remove_all(house.dir);
}

static void temporary_names_are_known(void **state)
{
	char file[NAME_FILE_BYTES];

	sidecar_temporary(file, NAME);
	assert_string_equal(file, "." NAME ".json.tmp");
	assert_true(sidecar_is_temporary(file));
	assert_false(sidecar_is_temporary(NAME ".json.tmp"));
	assert_false(sidecar_is_temporary("." NAME ".json"));
	assert_false(sidecar_is_temporary(".json.tmp"));
	assert_false(sidecar_is_temporary(".notes.txt.json.tmp"));
}

static void unwritable_directory_is_an_error(void **state)
{
	struct sidecar_facts facts = { .name = NAME };
	struct house house;
	int dir_fd;

	house_prepare(&house);
	dir_fd = finalise_open_dir(house.dir);
	rmdir(house.dir);
	assert_int_equal(sidecar_write(dir_fd, -1, &facts), -ENOENT);
	close(dir_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_line_to_give_a_field_has_its_way),
		cmocka_unit_test(journal_cannot_forge_facts),
		cmocka_unit_test(more_fields_than_fit_leave_it_valid),
		cmocka_unit_test(field_given_a_thousand_times_takes_room_once),
		cmocka_unit_test(lines_become_elements_in_order),
		cmocka_unit_test(scanned_figures_replace_the_tracks),
		cmocka_unit_test(end_from_memory_stands_in_for_the_journals),
		cmocka_unit_test(link_is_set_and_nothing_else_changes),
		cmocka_unit_test(foreign_sidecar_gets_no_link),
		cmocka_unit_test(reserved_space_is_used_or_given_back),
		cmocka_unit_test(temporary_names_are_known),
		cmocka_unit_test(unwritable_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
