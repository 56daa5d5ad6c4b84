/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/roster.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "tools/gen/options.h"

static struct options options_of(uint64_t seed, const char *room)
{
	return (struct options){ .sessions = 5,
		.tracks = { CODEC_VP8, CODEC_OPUS, CODEC_VP9 },
		.track_count = 3,
		.room = room,
		.participant = "p{n}x",
		.profile = PROFILE_AEAD_AES_256_GCM,
		.seed = seed };
}

static void sessions_are_composed_as_asked(void **state)
{
	struct options o = options_of(1, "room-{n}");
	struct roster r = { 0 };

	assert_int_equal(roster_compose(&r, &o), 0);
	assert_int_equal(r.session_count, 5);
	assert_int_equal(r.track_count, 15);
	assert_string_equal(r.sessions[4].room, "room-4");
	assert_string_equal(r.sessions[4].participant, "p4x");
	assert_int_equal(r.sessions[4].first_track, 12);
	assert_string_equal(r.tracks[13].id, "audio1");
	assert_int_equal(r.tracks[13].cfg.payload_type, 111);
	assert_int_equal(r.tracks[14].session, 4);
	assert_int_equal(r.tracks[14].cfg.payload_type, 98);
	roster_free(&r);
}

static void tracks_of_a_shared_room_have_names_of_their_own(void **state)
{
	struct options o = options_of(1, "demo");
	struct roster r = { 0 };

	assert_int_equal(roster_compose(&r, &o), 0);
	assert_string_equal(r.sessions[3].room, "demo");
	assert_string_equal(r.tracks[9].id, "video0-3");
	roster_free(&r);
}

static void keys_follow_from_the_seed_and_differ(void **state)
{
	struct options a = options_of(1, "r"), b = options_of(2, "r");
	struct roster one = { 0 }, same = { 0 }, other = { 0 };

	roster_compose(&one, &a);
	roster_compose(&same, &a);
	roster_compose(&other, &b);
	for (unsigned i = 0; i < 15; i++) {
		assert_memory_equal(&one.tracks[i].cfg, &same.tracks[i].cfg, sizeof(struct flow_cfg));
		assert_memory_not_equal(one.tracks[i].cfg.key, other.tracks[i].cfg.key, 44);
		for (unsigned k = 0; k < i; k++) {
			assert_memory_not_equal(one.tracks[i].cfg.key, one.tracks[k].cfg.key, 44);
			assert_int_not_equal(one.tracks[i].cfg.ssrc, one.tracks[k].cfg.ssrc);
		}
	}
	roster_free(&one);
	roster_free(&same);
	roster_free(&other);
}

static void addresses_are_ipv4_or_ipv6(void **state)
{
	struct roster_session s = { 0 };

	assert_int_equal(roster_set_address(&s, "10.0.0.1", 5000), 0);
	assert_int_equal(((struct sockaddr_in *)&s.to)->sin_port, htons(5000));
	assert_int_equal(roster_set_address(&s, "fd77::1", 5002), 0);
	assert_int_equal(s.to.ss_family, AF_INET6);
	assert_string_equal(s.address, "fd77::1");
	assert_int_equal(roster_set_address(&s, "localhost", 5000), -EINVAL);
	assert_int_equal(roster_set_address(&s, "10.0.0.1", 0), -EINVAL);
	assert_int_equal(roster_set_address(&s, "10.0.0.1", 65536), -EINVAL);
}

static void records_are_kept_once(void **state)
{
	struct roster r = { 0 };

	roster_add_session(&r);
	struct roster_track *t = roster_add_track(&r);
	assert_int_equal(roster_add_record(t, "a.ivf"), 0);
	assert_int_equal(roster_add_record(t, "a.ivf"), 0);
	assert_int_equal(roster_add_record(t, "b.ivf"), 0);
	assert_int_equal(t->record_count, 2);
	roster_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_composed_as_asked),
		cmocka_unit_test(tracks_of_a_shared_room_have_names_of_their_own),
		cmocka_unit_test(keys_follow_from_the_seed_and_differ),
		cmocka_unit_test(addresses_are_ipv4_or_ipv6),
		cmocka_unit_test(records_are_kept_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
