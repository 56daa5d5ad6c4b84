/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

/* RFC 4648 section 10 */
static const struct {
	const char *plain, *text;
} vectors[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };

static void rfc_vectors_both_ways(void **state)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		size_t len = strlen(vectors[i].plain);
		char text[16];
		uint8_t data[8];

		base64_encode(text, (const uint8_t *)vectors[i].plain, len);
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(base64_decode(data, sizeof(data), text), len);
		assert_memory_equal(data, vectors[i].plain, len);
	}
}

static void padding_may_be_left_out(void **state)
{
	uint8_t data[8];

	assert_int_equal(base64_decode(data, sizeof(data), "Zm9vYg"), 4);
	assert_memory_equal(data, "foob", 4);
}

static void what_is_not_base64_is_refused(void **state)
{
	static const char *const texts[] = { "Zg=", "Z", "Zg===", "Zg==Zg", "Z-==", "Zh==", " Zg==", "Zm9v\n",
		"====" };
	uint8_t data[8];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(base64_decode(data, sizeof(data), texts[i]), -EINVAL);
	assert_int_equal(base64_decode(data, 2, "Zm9v"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_vectors_both_ways),
		cmocka_unit_test(padding_may_be_left_out),
		cmocka_unit_test(what_is_not_base64_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
