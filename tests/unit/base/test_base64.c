/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/base64.h"

/* RFC 4648 section 10. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void decodes_the_vectors(void **state)
{
	uint8_t buf[16];

	for (size_t i = 0; i < VECTORS; i++) {
		size_t len = strlen(vectors[i].bytes);

		assert_int_equal(
		        base64_decode(vectors[i].text, strlen(vectors[i].text), buf, sizeof(buf)), len);
		assert_memory_equal(buf, vectors[i].bytes, len);
	}
}

static void encodes_the_vectors(void **state)
{
	char text[16];

	for (size_t i = 0; i < VECTORS; i++)
		assert_string_equal(
		        base64_encode(text, (const uint8_t *)vectors[i].bytes, strlen(vectors[i].bytes)),
		        vectors[i].text);
}

static void takes_text_without_its_padding(void **state)
{
	uint8_t buf[16];

	assert_int_equal(base64_decode("Zm8", 3, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "fo", 2);
	assert_int_equal(base64_decode("Zg", 2, buf, sizeof(buf)), 1);
}

static void refuses_what_is_not_base64(void **state)
{
	static const char *const bad[] = { "Z", "=", "==", "====", "Zg=", "Zg===", "Z===", "Zm 8=", "Zm8=\n",
		"Zm_8", "Zh==", "Zm9=" };
	uint8_t buf[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), buf, sizeof(buf)), -EINVAL);
}

static void tells_the_whole_length_but_fills_no_more_than_there_is(void **state)
{
	uint8_t buf[3] = { 0, 0, 0xEE };

	assert_int_equal(base64_decode("Zm9vYmFy", 8, buf, 2), 6);
	assert_memory_equal(buf, "fo\xEE", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_the_vectors),
		cmocka_unit_test(encodes_the_vectors),
		cmocka_unit_test(takes_text_without_its_padding),
		cmocka_unit_test(refuses_what_is_not_base64),
		cmocka_unit_test(tells_the_whole_length_but_fills_no_more_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
