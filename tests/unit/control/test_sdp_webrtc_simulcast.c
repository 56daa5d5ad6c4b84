/* SPDX-License-Identifier: BSD-3-Clause */
/* a=rid and a=simulcast, RFC 8851 and RFC 8853. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/sdp_webrtc_offer.h"
#include "tests/unit/control/offers.h"

#define RIDS "a=rid:a send\r\na=rid:b send\r\na=rid:c send\r\na=rid:d recv\r\n"

/* The layers of payload type 96 of a video line with @attributes, in one string. */
static const char *layers(const char *attributes)
{
	static char text[256];
	const char *rids[SDP_WEBRTC_TAKEN];
	char offer[4096];
	unsigned count;

	snprintf(offer, sizeof(offer), "%s%s", OFFERS_BUNDLE OFFERS_VIDEO("0"), attributes);
	assert_int_equal(offers_parse(offer), 0);
	count = sdp_webrtc_simulcast_layers(offers_offer->media[0], 96, rids);
	text[0] = '\0';
	for (unsigned i = 0; i < count; i++)
		strcat(strcat(text, i ? " " : ""), rids[i]);
	return text;
}

static void layers_are_in_the_order_of_the_list(void **state)
{
	assert_string_equal(layers(RIDS "a=simulcast:send b;a;c\r\n"), "b a c");
	assert_string_equal(layers(RIDS "a=simulcast:recv d send c;b\r\n"), "c b");
	assert_string_equal(layers(RIDS "a=simulcast:send c;b recv d\r\n"), "c b");
	assert_string_equal(layers(RIDS "a=simulcast: send rid=a;b\r\n"), "a b");
	assert_true(offers_offer->media[0]->is_old_simulcast);
}

static void of_alternatives_the_first_that_is_not_paused_counts(void **state)
{
	assert_string_equal(layers(RIDS "a=simulcast:send a,b;c\r\n"), "a c");
	assert_string_equal(layers(RIDS "a=simulcast:send ~a,b;~c\r\n"), "b c");
	assert_string_equal(layers(RIDS "a=simulcast:send ~a,~b\r\n"), "a");
}

static void what_was_not_declared_or_makes_no_sense_is_left_out(void **state)
{
	assert_string_equal(layers(RIDS "a=simulcast:send a;x;d;b\r\n"), "a b");
	assert_string_equal(layers(RIDS), "");
	assert_string_equal(layers(RIDS "a=simulcast:recv d\r\n"), "");
	assert_string_equal(layers(RIDS "a=simulcast:\r\n"), "");
	assert_string_equal(layers(RIDS "a=simulcast:send\r\n"), "");
	assert_string_equal(layers(RIDS "a=simulcast:send ;;,;~;a\r\n"), "a");
	assert_string_equal(layers(RIDS "a=simulcast:send a;b;a,c;~b\r\n"), "a b");
	assert_string_equal(layers(RIDS "a=simulcast:send pt=96;97\r\n"), "");
	assert_string_equal(
	        layers("a=rid:long-long-long-long send\r\na=rid:\r\na=rid:q\r\na=simulcast:send q\r\n"), "");
}

static void layers_are_bounded(void **state)
{
	char text[4096] = "";

	for (char rid = 'a'; rid < 'a' + SDP_WEBRTC_RIDS + 4; rid++)
		sprintf(text + strlen(text), "a=rid:%c send max-br=%d\r\n", rid, rid % 7 + 1);
	strcat(text, "a=simulcast:send a;b;c;d;e;f;g;h;i;j;k;l;t\r\n");
	assert_string_equal(layers(text), "a h g f"); /* the best of the first eight */
	assert_int_equal(offers_offer->media[0]->layer_count, SDP_WEBRTC_LAYERS);
	assert_int_equal(offers_offer->media[0]->rid_count, SDP_WEBRTC_RIDS);
}

static void the_larger_picture_is_better_where_it_is_told(void **state)
{
	assert_string_equal(layers("a=rid:a send max-width=320;max-height=180\r\n"
	                           "a=rid:b send max-height=720;max-width=1280;max-br=1\r\n"
	                           "a=rid:c send max-fs=900\r\na=simulcast:send a;b;c\r\n"),
	        "b c a");
	assert_string_equal(layers("a=rid:a send max-br=100\r\na=rid:b send max-br=900\r\n"
	                           "a=rid:c send max-br=900;max-width=2\r\na=simulcast:send a;c;b\r\n"),
	        "c b a");
	assert_string_equal(
	        layers("a=rid:a send max-br=100\r\na=rid:b send\r\na=simulcast:send a;b\r\n"), "a b");
}

static void layers_of_other_formats_are_left_out(void **state)
{
	assert_string_equal(
	        layers("a=rid:a send pt=97\r\na=rid:b send pt=98,96;max-br=3\r\na=rid:c send pt=9600\r\n"
	               "a=simulcast:send a;b;c\r\n"),
	        "b");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, offers_setup, offers_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(layers_are_in_the_order_of_the_list),
		CASE(of_alternatives_the_first_that_is_not_paused_counts),
		CASE(what_was_not_declared_or_makes_no_sense_is_left_out),
		CASE(layers_are_bounded),
		CASE(the_larger_picture_is_better_where_it_is_told),
		CASE(layers_of_other_formats_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
