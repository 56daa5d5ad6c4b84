/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "uploader/ledger.h"

#define HEAD  "wirespool-upload 1\n"
#define MD5   "0cc175b9c0f1b6a831c399e269772661"
#define PARTS HEAD "state parts\ntarget host/b/key\nid 2~ab\npart_size 5242880\n"

static int parse(struct ledger *ledger, const char *text)
{
	return ledger_parse(ledger, text, strlen(text));
}

static void refuse(const char *text)
{
	struct ledger ledger;

	assert_int_equal(parse(&ledger, text), -EBADMSG);
}

static void parts_survive_the_way_there_and_back(void **state)
{
	struct ledger a = { .state = LEDGER_PARTS }, b;
	char *text;
	size_t len;

	a.target = strdup("s3.host:9000/bucket/recordings/ü %\n.ivf");
	a.target[strlen(a.target) - 5] = '-';
	a.upload_id = strdup("VXBsb2FkSUQ/+=%");
	multipart_init(&a.parts, 8 << 20);
	assert_int_equal(multipart_resize(&a.parts, 40 << 20, true), 0);
	a.parts.parts[0].state = MULTIPART_BUSY;
	a.parts.parts[1] = (struct multipart_part){ 8 << 20, MULTIPART_SENT, { 1, 2, 255 }, 16, "e tag<&>" };
	a.parts.parts[3] = (struct multipart_part){ 8 << 20, MULTIPART_GOOD, { 3, [31] = 9 }, 32, MD5 };
	assert_int_equal(ledger_print(&a, &text, &len), 0);
	assert_int_equal(ledger_parse(&b, text, len), 0);
	free(text);
	assert_int_equal(b.state, LEDGER_PARTS);
	assert_string_equal(b.target, a.target);
	assert_string_equal(b.upload_id, a.upload_id);
	assert_int_equal(b.parts.part_size, 8 << 20);
	assert_int_equal(b.parts.parts[0].state, MULTIPART_MISSING);
	assert_int_equal(b.parts.parts[1].state, MULTIPART_SENT);
	assert_int_equal(b.parts.parts[1].digest_bytes, 16);
	assert_memory_equal(b.parts.parts[1].digest, a.parts.parts[1].digest, 16);
	assert_string_equal(b.parts.parts[1].etag, "e tag<&>");
	assert_int_equal(b.parts.parts[2].state, MULTIPART_MISSING);
	assert_int_equal(b.parts.parts[3].digest_bytes, 32);
	assert_memory_equal(b.parts.parts[3].digest, a.parts.parts[3].digest, 32);
	ledger_free(&a);
	ledger_free(&b);
}

static void done_survives_the_way_there_and_back(void **state)
{
	struct ledger a = { .state = LEDGER_DONE,
		.size = 0,
		.finished_unix_ns = UINT64_MAX,
		.etag = MD5 "-3" },
	              b;
	char *text;
	size_t len;

	a.target = strdup("t");
	assert_int_equal(ledger_print(&a, &text, &len), 0);
	assert_int_equal(ledger_parse(&b, text, len), 0);
	free(text);
	assert_int_equal(b.state, LEDGER_DONE);
	assert_int_equal(b.finished_unix_ns, UINT64_MAX);
	assert_string_equal(b.etag, MD5 "-3");
	ledger_free(&a);
	ledger_free(&b);
}

static void plain_ledgers_are_taken(void **state)
{
	static const char *const good[] = { HEAD "state put\ntarget h/k\nend\n",
		HEAD "state creating\ntarget h/k\nend\n", PARTS "end\n",
		PARTS "part 10000 5242880 " MD5 " e\nend\n" };
	struct ledger ledger;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(parse(&ledger, good[i]), 0);
		ledger_free(&ledger);
	}
}

static void what_is_not_whole_is_refused(void **state)
{
	refuse("");
	refuse(HEAD);
	refuse("wirespool-upload 2\nstate put\ntarget h/k\nend\n");
	refuse(HEAD "state put\ntarget h/k\n");
	refuse(HEAD "state put\ntarget h/k\nend");
	refuse(HEAD "state put\ntarget h/k\nend\nmore x\n");
	refuse(HEAD "target h/k\nend\n");
	refuse(HEAD "state put\nend\n");
	refuse(HEAD "state parts\ntarget h/k\npart_size 5242880\nend\n");
	refuse(HEAD "state parts\ntarget h/k\nid x\nend\n");
}

static void what_is_out_of_form_is_refused(void **state)
{
	refuse(HEAD "state none\ntarget h/k\nend\n");
	refuse(HEAD "state put\nword\ntarget h/k\nend\n");
	refuse(HEAD "state put\nunknown x\ntarget h/k\nend\n");
	refuse(HEAD "state put\ntarget a\ntarget b\nend\n");
	refuse(HEAD "state put\ntarget a%0\nend\n");
	refuse(HEAD "state put\ntarget a%00b\nend\n");
	refuse(HEAD "state put\ntarget a%0Ab\nend\n");
	refuse(HEAD "state put\ntarget \nend\n");
	refuse(HEAD "state done\ntarget a\nsize 18446744073709551616\nend\n");
	refuse(HEAD "state done\ntarget a\nsize -1\nend\n");
	refuse(HEAD "state done\ntarget a\nsize \nend\n");
}

static void parts_out_of_bounds_are_refused(void **state)
{
	refuse(HEAD "state parts\ntarget h/k\nid x\npart_size 5242879\nend\n");
	refuse(HEAD "state parts\ntarget h/k\nid x\npart_size 5368709121\nend\n");
	refuse(PARTS "part_size 5242880\nend\n");
	refuse(PARTS "part 0 1 " MD5 " e\nend\n");
	refuse(PARTS "part 10001 1 " MD5 " e\nend\n");
	refuse(PARTS "part 4294967297 1 " MD5 " e\nend\n");
	refuse(PARTS "part 1 5242881 " MD5 " e\nend\n");
	refuse(PARTS "part 1 1 " MD5 "\nend\n");
	refuse(PARTS "part 1 1 " MD5 " e e\nend\n");
	refuse(PARTS "part 1 1 0cc1 e\nend\n");
	refuse(PARTS "part 1 1 " MD5 "zz e\nend\n");
	refuse(PARTS "part 1 1 zcc175b9c0f1b6a831c399e269772661 e\nend\n");
	refuse(HEAD "state parts\ntarget h/k\nid x\npart 1 1 " MD5 " e\npart_size 5242880\nend\n");
}

static void an_etag_or_id_that_is_too_long_is_refused(void **state)
{
	char text[2048];

	snprintf(text, sizeof(text), PARTS "part 1 1 " MD5 " %0100d\nend\n", 0);
	refuse(text);
	snprintf(text, sizeof(text), HEAD "state parts\ntarget h/k\nid %0600d\npart_size 5242880\nend\n", 0);
	refuse(text);
}

static void nul_and_size_are_refused(void **state)
{
	static const char nul[] = HEAD "state put\ntarget h\0k\nend\n";
	char *large = calloc(1, LEDGER_BYTES + 1);
	struct ledger ledger;

	assert_int_equal(ledger_parse(&ledger, nul, sizeof(nul) - 1), -EBADMSG);
	memset(large, 'x', LEDGER_BYTES + 1);
	assert_int_equal(ledger_parse(&ledger, large, LEDGER_BYTES + 1), -EBADMSG);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_survive_the_way_there_and_back),
		cmocka_unit_test(done_survives_the_way_there_and_back),
		cmocka_unit_test(plain_ledgers_are_taken),
		cmocka_unit_test(what_is_not_whole_is_refused),
		cmocka_unit_test(what_is_out_of_form_is_refused),
		cmocka_unit_test(parts_out_of_bounds_are_refused),
		cmocka_unit_test(an_etag_or_id_that_is_too_long_is_refused),
		cmocka_unit_test(nul_and_size_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
