/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/wirespool/doctor_rig.h"

static void put(const char *flags)
{
	char text[512];

	snprintf(text, sizeof(text), "processor\t: 0\nflags\t\t: %s\nbugs\t\t:\n", flags);
	tree_text("/proc/cpuinfo", text);
	doctor_conf.dataplane_vector_crypto = true;
}

static void instructions_are_named(void **state)
{
	put("fpu sse4_2 pclmulqdq avx avx2 aes sha_ni avx512f vaes vpclmulqdq");
	examine(doctor_crypto);
	expect_one(DOCTOR_OK, "AES instructions, with avx avx2 avx512f vaes vpclmulqdq sha_ni", NULL);
	put("aes sse4_2 pclmulqdq");
	examine(doctor_crypto);
	expect_one(DOCTOR_OK, "AES instructions", NULL);
	assert_null(strstr(doctor.findings[0].found, "with"));
}

static void a_model_without_aes_is_told_of(void **state)
{
	put("fpu sse4_2 avx vaes"); /* vaes is not aes */
	examine(doctor_crypto);
	expect_one(DOCTOR_WARNING, "shows no aes pclmulqdq: SRTP goes by OpenSSL", "host-passthrough");
}

static void vector_crypto_may_be_off(void **state)
{
	put("aes sse4_2 pclmulqdq");
	doctor_conf.dataplane_vector_crypto = false;
	examine(doctor_crypto);
	expect_one(DOCTOR_WARNING, "dataplane.vector_crypto is 0", "vector_crypto = 1");
}

static void a_machine_that_tells_nothing(void **state)
{
	examine(doctor_crypto);
	expect_one(DOCTOR_UNCHECKED, "/proc/cpuinfo", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(instructions_are_named),
		DOCTOR_TEST(a_model_without_aes_is_told_of), DOCTOR_TEST(vector_crypto_may_be_off),
		DOCTOR_TEST(a_machine_that_tells_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
