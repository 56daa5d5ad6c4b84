/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "appliance/top/names.h"

static struct names *names;

static int setup(void **state)
{
	return names_create(&names, 4);
}

static int teardown(void **state)
{
	names_free(names);
	return 0;
}

static unsigned take(const char *text)
{
	json_t *page = json_loads(text, 0, NULL);
	unsigned count = names_take(names, page);

	json_decref(page);
	return count;
}

static void tracks_are_found_by_their_slot(void **state)
{
	assert_int_equal(take("[{\"id\":\"s_1\",\"room\":\"demo\",\"participant\":\"alice\",\"state\":"
	                      "\"recording\",\"tracks\":["
	                      "{\"id\":\"video0\",\"codec\":\"VP8\",\"clock_rate\":90000,\"slot\":2},"
	                      "{\"id\":\"audio1\",\"codec\":\"opus\",\"clock_rate\":48000,\"slot\":0}]}]"),
	        1);
	assert_string_equal(names_get(names, 2)->track, "video0");
	assert_string_equal(names_get(names, 0)->codec, "opus");
	assert_string_equal(names_get(names, 0)->session, "s_1");
	assert_int_equal(names_get(names, 2)->clock_rate, 90000);
	assert_null(names_get(names, 1));
	assert_int_equal(names_known(names), 2);
	names_forget(names, 2);
	assert_null(names_get(names, 2));
}

static void another_name_is_another_edition(void **state)
{
	static const char
	        one[] = "[{\"id\":\"s_1\",\"room\":\"a\",\"state\":\"recording\",\"tracks\":[{\"id\":"
	                "\"v\",\"slot\":1}]}]",
	        other[] = "[{\"id\":\"s_1\",\"room\":\"b\",\"state\":\"recording\",\"tracks\":[{\"id\":"
	                  "\"v\",\"slot\":1}]}]";
	unsigned edition;

	take(one);
	edition = names_edition(names);
	take(one);
	assert_int_equal(names_edition(names), edition);
	take(other);
	assert_int_not_equal(names_edition(names), edition);
	edition = names_edition(names);
	names_forget(names, 1);
	assert_int_not_equal(names_edition(names), edition);
}

static void those_that_have_ended_own_no_slot(void **state)
{
	assert_int_equal(
	        take("[{\"id\":\"s_1\",\"state\":\"done\",\"tracks\":[{\"id\":\"a\",\"slot\":1}]},"
	             "{\"id\":\"s_2\",\"state\":\"failed\",\"tracks\":[{\"id\":\"a\",\"slot\":1}]}]"),
	        0);
	assert_int_equal(names_known(names), 0);
}

static void foreign_json_does_no_harm(void **state)
{
	static const char *const texts[] = { "{}", "[]", "[1,null]", "[{\"state\":\"recording\"}]",
		"[{\"state\":\"recording\",\"tracks\":{\"slot\":1}}]",
		"[{\"state\":\"recording\",\"tracks\":[{\"slot\":\"1\"}]}]",
		"[{\"state\":\"recording\",\"tracks\":[{\"slot\":4},{\"slot\":-1},{\"slot\":1e3},3]}]" };

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		take(texts[i]);
	assert_int_equal(names_known(names), 0);
	take("[{\"state\":\"recording\",\"room\":7,\"tracks\":[{\"slot\":1}]}]");
	assert_string_equal(names_get(names, 1)->room, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
		                                    tracks_are_found_by_their_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(another_name_is_another_edition, setup, teardown),
		cmocka_unit_test_setup_teardown(those_that_have_ended_own_no_slot, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_json_does_no_harm, setup, teardown) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
