/* SPDX-License-Identifier: BSD-3-Clause */
/* What is no WebRTC session, and what looks odd and is one. */
#include "dataplane/opening_check_webrtc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct conf conf = { .ingest_webrtc_port = 3478 };
static struct session_table table = { .cfg.conf = &conf };
static struct msg_session_open open;

/* Two video tracks, the first of them with a second layer, and audio: as browsers offer them. */
static int begin(void **state)
{
	static const struct {
		const char *mid, *rid;
		uint8_t codec, type, rtx, red, layer_of, layer;
	} tracks[] = {
		{ "0", "h", CODEC_VP8, 96, 97, 0, 0, 0 },
		{ "0", "l", CODEC_VP8, 96, 97, 0, 1, 1 },
		{ "1", "", CODEC_OPUS, 111, 0, 63, 0, 0 },
		{ "2", "", CODEC_VP8, 96, 97, 0, 0, 0 },
	};

	memset(&open, 0, sizeof(open));
	open.transport = MSG_TRANSPORT_WEBRTC;
	open.port = 3478;
	strcpy(open.ice.ufrag, "ab+/Z019");
	memset(open.ice.pwd, 'p', LIMIT_ICE_PWD_BYTES_MIN);
	open.extensions[MSG_EXTENSION_MID] = 4;
	open.extensions[MSG_EXTENSION_RID] = 10;
	open.track_count = 4;
	for (unsigned i = 0; i < open.track_count; i++) {
		struct msg_track *t = &open.tracks[i];
		strcpy(t->mid, tracks[i].mid);
		strcpy(t->rid, tracks[i].rid);
		t->codec = tracks[i].codec;
		t->payload_type = tracks[i].type;
		t->rtx_payload_type = tracks[i].rtx;
		t->red_payload_type = tracks[i].red;
		t->layer_of = tracks[i].layer_of;
		t->layer = tracks[i].layer;
		t->clock_rate = codec_info(t->codec)->clock_rate;
		t->channels = codec_info(t->codec)->video ? 0 : 2;
	}
	return claim_table_init(&table.ufrags, 16);
}

static int end(void **state)
{
	claim_table_free(&table.ufrags);
	return 0;
}

static int check(void)
{
	char why[LIMIT_REASON_BYTES + 1] = "";
	int r = opening_check_webrtc(&table, &open, why);

	assert_int_equal(r != 0, why[0] != '\0');
	return r;
}

#define REFUSED(status, change)                                                                              \
	do {                                                                                                 \
		struct msg_session_open kept = open;                                                         \
		change;                                                                                      \
		assert_int_equal(check(), status);                                                           \
		open = kept;                                                                                 \
	} while (0)
#define TAKEN(change) REFUSED(0, change)

static void what_a_browser_offers_is_taken(void **state)
{
	assert_int_equal(check(), 0);
}

static void the_port_is_the_one_of_all(void **state)
{
	REFUSED(-EINVAL, open.port = 20000);
}

static void credentials_are_checked(void **state)
{
	struct claim claim = { 0 };

	REFUSED(-EINVAL, open.ice.ufrag[0] = '\0');
	REFUSED(-EINVAL, open.ice.ufrag[MSG_UFRAG_BYTES - 1] = '\0');
	REFUSED(-EINVAL, open.ice.ufrag[3] = ':');
	REFUSED(-EINVAL, open.ice.pwd[LIMIT_ICE_PWD_BYTES_MIN - 1] = '\0');
	REFUSED(-EINVAL, open.ice.pwd[3] = ' ');
	claim_put(&table.ufrags, &claim, "ab+/Z019", "", &open);
	REFUSED(-EEXIST, (void)0);
	TAKEN(open.ice.ufrag[0] = 'A');
}

static void keys_do_not_come_with_the_opening(void **state)
{
	REFUSED(-EINVAL, open.tracks[2].profile = PROFILE_AEAD_AES_128_GCM);
}

static void payload_types_mean_one_thing_in_a_bundle(void **state)
{
	struct msg_track *t = open.tracks;

	/* within a track */
	REFUSED(-EINVAL, t[3].rtx_payload_type = 96);
	REFUSED(-EINVAL, t[2].red_payload_type = 111);
	REFUSED(-EINVAL, t[3].ulpfec_payload_type = 97);
	REFUSED(-EINVAL, t[3].flexfec_payload_type = 97);
	REFUSED(-EINVAL, t[3].red_rtx_payload_type = 97);
	/* among tracks */
	REFUSED(-EINVAL, t[2].payload_type = 96);
	REFUSED(-EINVAL, t[2].red_payload_type = 97);
	REFUSED(-EINVAL, t[3].codec = CODEC_VP9);
	REFUSED(-EINVAL, t[3].payload_type = 98);
	REFUSED(-EINVAL, t[3].red_payload_type = 63); /* that of video is another than that of audio */
	TAKEN((t[3].payload_type = 98, t[3].rtx_payload_type = 99));
	/* layers of one track are told apart by their stream ids */
	TAKEN(t[1].rtx_payload_type = 98);
	TAKEN((t[1].payload_type = 98, t[1].rtx_payload_type = 99));
	REFUSED(-EINVAL, t[1].payload_type = 97);
	/* none of them looks like RTCP; all others are good */
	REFUSED(-EINVAL, t[3].ulpfec_payload_type = 72);
	REFUSED(-EINVAL, t[3].flexfec_payload_type = 128);
	TAKEN((t[3].ulpfec_payload_type = 39, t[3].red_payload_type = 40, t[3].red_rtx_payload_type = 41));
	TAKEN((t[2].codec = CODEC_PCMU, t[2].payload_type = 0, t[2].red_payload_type = 0));
}

static void ssrcs_are_different(void **state)
{
	struct msg_track *t = open.tracks;

	t[0].ssrc_known = t[0].rtx_ssrc_known = t[0].fec_ssrc_known = t[3].ssrc_known = 1;
	t[0].ssrc = 1, t[0].rtx_ssrc = 2, t[0].fec_ssrc = 3, t[3].ssrc = 4;
	assert_int_equal(check(), 0);
	REFUSED(-EINVAL, t[3].ssrc = 1);
	REFUSED(-EINVAL, t[3].ssrc = 2);
	REFUSED(-EINVAL, t[3].ssrc = 3);
	REFUSED(-EINVAL, t[0].rtx_ssrc = 1);
	TAKEN((t[3].ssrc = 1, t[0].ssrc_known = 0));
}

static void media_ids_are_different_but_for_their_streams(void **state)
{
	REFUSED(-EINVAL, strcpy(open.tracks[3].mid, "1"));
	REFUSED(-EINVAL, strcpy(open.tracks[1].rid, "h"));
	TAKEN(strcpy(open.tracks[1].rid, "m"));
	TAKEN((open.tracks[2].mid[0] = open.tracks[3].mid[0] = '\0'));
	/* each layer a track of its own */
	TAKEN(open.tracks[1].layer_of = 0);
}

static void extensions_have_ids_of_their_own(void **state)
{
	REFUSED(-EINVAL, open.extensions[MSG_EXTENSION_RID] = 4);
	TAKEN(open.extensions[MSG_EXTENSION_RID] = 0);
	TAKEN(open.extensions[MSG_EXTENSION_RID] = 255);
}

static void layers_are_of_a_track_before_them(void **state)
{
	struct msg_track *t = open.tracks;

	REFUSED(-EINVAL, t[0].layer_of = 1);
	REFUSED(-EINVAL, t[1].layer_of = 2);
	REFUSED(-EINVAL, t[1].layer_of = 3);
	REFUSED(-EINVAL, t[1].layer_of = 255);
	REFUSED(-EINVAL, (t[3].layer_of = 2, t[3].layer = 2));
	REFUSED(-EINVAL, t[2].layer_of = 1);
	REFUSED(-EINVAL, t[1].codec = CODEC_VP9);
	REFUSED(-EINVAL, t[1].clock_rate = 48000);
	REFUSED(-EINVAL, t[1].layer = 0);
	REFUSED(-EINVAL, t[1].layer = 4);
	REFUSED(-EINVAL, t[3].layer = 4);
	TAKEN(t[1].layer = 3);
	TAKEN((t[3].layer_of = 1, t[3].layer = 2));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(what_a_browser_offers_is_taken),
		CASE(the_port_is_the_one_of_all),
		CASE(credentials_are_checked),
		CASE(keys_do_not_come_with_the_opening),
		CASE(payload_types_mean_one_thing_in_a_bundle),
		CASE(ssrcs_are_different),
		CASE(media_ids_are_different_but_for_their_streams),
		CASE(extensions_have_ids_of_their_own),
		CASE(layers_are_of_a_track_before_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
