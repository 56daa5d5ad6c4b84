/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/auth.h"

static void without_tokens_everybody_may(void **state)
{
	char *none[] = { NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, none, NULL), 0);
	assert_false(auth_needed(auth));
	assert_true(auth_allows(auth, NULL));
	assert_true(auth_allows(auth, "Bearer whatever"));
	auth_free(auth);
	assert_int_equal(auth_create(&auth, NULL, NULL), 0);
	assert_false(auth_needed(auth));
	auth_free(auth);
}

static void each_of_the_tokens_is_taken(void **state)
{
	char one[] = "correct-horse", two[] = "battery", *tokens[] = { one, two, NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, tokens, NULL), 0);
	assert_true(auth_needed(auth));
	assert_true(auth_allows(auth, "Bearer correct-horse"));
	assert_true(auth_allows(auth, "bearer battery"));
	assert_true(auth_allows(auth, "BEARER  battery"));
	auth_free(auth);
}

static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = { "", "Bearer", "Bearer ", "Bearer  ", "Bearer correct-hors",
		"Bearer correct-horse2", "Bearer Correct-horse", "Bearer correct-horse ",
		"Bearer battery correct-horse", "Basic correct-horse", "correct-horse", "Bearercorrect-horse",
		"Bearer\tcorrect-horse", " Bearer correct-horse" };
	char one[] = "correct-horse", two[] = "battery", *tokens[] = { one, two, NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, tokens, NULL), 0);
	assert_false(auth_allows(auth, NULL));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(auth_allows(auth, wrong[i]));
	auth_free(auth);
	auth_free(NULL);
}

static void a_rooms_token_is_good_for_its_room(void **state)
{
	char api[] = "api", a[] = "a=for-a", b[] = "b=for=b==", any[] = "*=for-any";
	char *tokens[] = { api, NULL }, *room_tokens[] = { a, b, any, NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, tokens, room_tokens), 0);
	assert_true(auth_allows_room(auth, "Bearer for-a", "a"));
	assert_false(auth_allows_room(auth, "Bearer for-a", "b"));
	assert_false(auth_allows_room(auth, "Bearer for-a", ""));
	assert_true(auth_allows_room(auth, "Bearer for=b==", "b"));
	assert_true(auth_allows_room(auth, "Bearer for-any", "b"));
	assert_true(auth_allows_room(auth, "Bearer api", "a"));
	assert_false(auth_allows_room(auth, "Bearer a=for-a", "a"));
	assert_false(auth_allows_room(auth, "Bearer wrong", "a"));
	assert_false(auth_allows_room(auth, NULL, "a"));
	/* and for nothing else */
	assert_true(auth_allows(auth, "Bearer api"));
	assert_false(auth_allows(auth, "Bearer for-a"));
	assert_false(auth_allows(auth, "Bearer for-any"));
	auth_free(auth);
}

static void rooms_ask_for_a_token_as_soon_as_there_is_one(void **state)
{
	char api[] = "api", a[] = "a=for-a", *tokens[] = { api, NULL }, *room_tokens[] = { a, NULL };
	struct auth *auth;

	assert_int_equal(auth_create(&auth, NULL, NULL), 0);
	assert_true(auth_allows_room(auth, NULL, "a"));
	auth_free(auth);
	assert_int_equal(auth_create(&auth, tokens, NULL), 0);
	assert_false(auth_allows_room(auth, NULL, "a"));
	assert_true(auth_allows_room(auth, "Bearer api", "a"));
	auth_free(auth);
	assert_int_equal(auth_create(&auth, NULL, room_tokens), 0);
	assert_false(auth_allows_room(auth, NULL, "a"));
	assert_false(auth_allows_room(auth, NULL, "b"));
	assert_true(auth_allows_room(auth, "Bearer for-a", "a"));
	assert_false(auth_needed(auth)); /* the API stays as it was */
	assert_true(auth_allows(auth, NULL));
	auth_free(auth);
}

static void a_token_says_which_rooms_it_is_good_for(void **state)
{
	char api[] = "api", a[] = "a=one", b[] = "b=one", c[] = "c=two", any[] = "*=three";
	char *tokens[] = { api, NULL }, *room_tokens[] = { a, b, c, any, NULL };
	const char **rooms;
	struct auth *auth;

	assert_int_equal(auth_create(&auth, tokens, room_tokens), 0);
	assert_int_equal(auth_rooms(auth, "Bearer api", &rooms), 0);
	assert_null(rooms);
	assert_int_equal(auth_rooms(auth, "Bearer one", &rooms), 0);
	assert_string_equal(rooms[0], "a");
	assert_string_equal(rooms[1], "b");
	assert_null(rooms[2]);
	free(rooms);
	assert_int_equal(auth_rooms(auth, "Bearer three", &rooms), 0);
	assert_string_equal(rooms[0], "*");
	assert_null(rooms[1]);
	free(rooms);
	assert_int_equal(auth_rooms(auth, "Bearer four", &rooms), -EACCES);
	assert_int_equal(auth_rooms(auth, "one", &rooms), -EACCES);
	assert_int_equal(auth_rooms(auth, NULL, &rooms), -EACCES);
	auth_free(auth);
	assert_int_equal(auth_create(&auth, NULL, room_tokens), 0); /* the API is open */
	assert_int_equal(auth_rooms(auth, NULL, &rooms), 0);
	assert_null(rooms);
	auth_free(auth);
}

static void a_room_token_is_a_room_and_a_token(void **state)
{
	static const char *const wrong[] = { "token", "=token", "room=", "=", "" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[16], *tokens[] = { text, NULL };
		struct auth *auth;

		strcpy(text, wrong[i]);
		assert_int_equal(auth_create(&auth, NULL, tokens), -EINVAL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_tokens_everybody_may),
		cmocka_unit_test(each_of_the_tokens_is_taken),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(a_rooms_token_is_good_for_its_room),
		cmocka_unit_test(a_token_says_which_rooms_it_is_good_for),
		cmocka_unit_test(rooms_ask_for_a_token_as_soon_as_there_is_one),
		cmocka_unit_test(a_room_token_is_a_room_and_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
