/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/demux.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dataplane/meta.h"

#define SESSIONS 64

static struct demux *demux;

static int begin(void **state)
{
	return demux_create(&demux, SESSIONS);
}

static int end(void **state)
{
	demux_free(demux);
	return 0;
}

static struct peer peer(uint32_t host, uint16_t port)
{
	struct peer p = { .port = port };

	memcpy(p.addr, &host, sizeof(host));
	return p;
}

static void name(char ufrag[16], unsigned number)
{
	snprintf(ufrag, 16, "%08x", number);
}

static void a_ufrag_leads_to_its_slot(void **state)
{
	assert_int_equal(demux_ufrag(demux, "AbCdEfGh"), 0);
	assert_int_equal(demux_put_ufrag(demux, "AbCdEfGh", 0x1000), 0);
	assert_int_equal(demux_ufrag(demux, "AbCdEfGh"), 0x1000);
	assert_int_equal(demux_ufrag(demux, "AbCdEfGi"), 0);
	assert_int_equal(demux_put_ufrag(demux, "AbCdEfGh", 5), 0);
	assert_int_equal(demux_ufrag(demux, "AbCdEfGh"), 5);
	assert_int_equal(demux_put_ufrag(demux, "AbCdEfGh", 0), 0);
	assert_int_equal(demux_put_ufrag(demux, "AbCdEfGh", 0), 0);
	assert_int_equal(demux_ufrag(demux, "AbCdEfGh"), 0);
}

static void a_path_is_address_version_port_and_our_address(void **state)
{
	struct peer a = peer(1, 1000), b = peer(1, 1001), c = peer(2, 1000), six = a, far = a;

	six.is_v6 = 1;
	far.mac.addr_bytes[0] = 9; /* another router: the same path */
	far.vlan = 7;
	assert_int_equal(demux_put_path(demux, &a, 0, 0x1000), 0);
	assert_int_equal(demux_path(demux, &a, 0), 0x1000);
	assert_int_equal(demux_path(demux, &far, 0), 0x1000);
	assert_int_equal(demux_path(demux, &a, 1), 0);
	assert_int_equal(demux_path(demux, &b, 0), 0);
	assert_int_equal(demux_path(demux, &c, 0), 0);
	assert_int_equal(demux_path(demux, &six, 0), 0);
	assert_int_equal(demux_put_path(demux, &a, 0, 0), 0);
	assert_int_equal(demux_path(demux, &a, 0), 0);
}

static void an_ssrc_leads_to_its_slot(void **state)
{
	assert_int_equal(demux_put_ssrc(demux, 0, 0x1000), 0);
	assert_int_equal(demux_put_ssrc(demux, UINT32_MAX, 0x2000), 0);
	assert_int_equal(demux_ssrc(demux, 0), 0x1000);
	assert_int_equal(demux_ssrc(demux, UINT32_MAX), 0x2000);
	assert_int_equal(demux_ssrc(demux, 1), 0);
	assert_int_equal(demux_put_ssrc(demux, 0, 0), 0);
	assert_int_equal(demux_ssrc(demux, 0), 0);
	for (uint32_t i = 1; i < SESSIONS * DEMUX_SSRCS; i++)
		assert_int_equal(demux_put_ssrc(demux, i, 0x3000), 0);
	assert_int_equal(demux_put_ssrc(demux, 0, 0x1000), -ENOSPC);
}

static void a_hint_is_taken_where_nothing_better_is_known(void **state)
{
	struct peer a = peer(1, 1000);

	demux_hint(demux, &a, 0, 3);
	assert_int_equal(demux_path(demux, &a, 0), 3 << 1 | 1);
	assert_int_equal(demux_path(demux, &a, 1), 0);
	assert_int_equal(demux_put_path(demux, &a, 0, 0x1000), 0);
	assert_int_equal(demux_path(demux, &a, 0), 0x1000);
	assert_int_equal(demux_put_path(demux, &a, 0, 0), 0);
	assert_int_equal(demux_path(demux, &a, 0), 3 << 1 | 1);
	demux_hint(demux, &a, 0, 4);
	assert_int_equal(demux_path(demux, &a, 0), 4 << 1 | 1);
}

/* Of fewer hints than sessions hardly any is lost. */
static void hints_have_room(void **state)
{
	unsigned kept = 0;

	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < SESSIONS / 2; i++) {
			struct peer a = peer(i * 2654435761u, (uint16_t)i);
			demux_hint(demux, &a, 0, round);
		}
	for (unsigned i = 0; i < SESSIONS / 2; i++) {
		struct peer a = peer(i * 2654435761u, (uint16_t)i);
		kept += demux_path(demux, &a, 0) == (2 << 1 | 1);
	}
	assert_in_range(kept, SESSIONS / 2 - 4, SESSIONS / 2);
}

/* As many hints as you like: the latest is there, and no path is touched. */
static void hints_overwrite_each_other(void **state)
{
	struct peer own = peer(7, 7);
	unsigned kept = 0;

	assert_int_equal(demux_put_path(demux, &own, 0, 0x1000), 0);
	for (unsigned i = 0; i < 10000; i++) {
		struct peer a = peer(i, 1000);
		demux_hint(demux, &a, 0, 1);
		assert_int_equal(demux_path(demux, &a, 0), 3);
	}
	for (unsigned i = 0; i < 10000; i++) {
		struct peer a = peer(i, 1000);
		kept += demux_path(demux, &a, 0) != 0;
	}
	assert_in_range(kept, SESSIONS, 2 * SESSIONS);
	assert_int_equal(demux_path(demux, &own, 0), 0x1000);
}

/* Paths that fill their room leave the ufrags theirs, and the other way round. */
static void a_full_table_says_so(void **state)
{
	char ufrag[16];

	for (unsigned i = 0; i < SESSIONS * DEMUX_PATHS; i++) {
		struct peer a = peer(i, 1000);
		assert_int_equal(demux_put_path(demux, &a, 0, 0x1000 + 2 * i), 0);
	}
	struct peer more = peer(77777, 1), there = peer(5, 1000);
	assert_int_equal(demux_put_path(demux, &more, 0, 2), -ENOSPC);
	assert_int_equal(demux_path(demux, &more, 0), 0);
	assert_int_equal(demux_put_path(demux, &there, 0, 2), 0);
	for (unsigned i = 0; i < SESSIONS * DEMUX_UFRAGS; i++) {
		name(ufrag, i);
		assert_int_equal(demux_put_ufrag(demux, ufrag, 2), 0);
	}
	assert_int_equal(demux_put_ufrag(demux, "more    ", 2), -ENOSPC);
	assert_int_equal(demux_put_path(demux, &there, 0, 0), 0);
	assert_int_equal(demux_put_path(demux, &more, 0, 2), 0);
	for (unsigned i = 0; i < SESSIONS * DEMUX_PATHS; i++) {
		struct peer a = peer(i, 1000);
		assert_int_equal(demux_path(demux, &a, 0), i == 5 ? 0 : 0x1000 + 2 * i);
	}
}

/* Against an array: whatever comes and goes, what is there is found and nothing else. */
static void it_agrees_with_an_array(void **state)
{
	static uintptr_t paths[1000], ufrags[1000];
	unsigned count[2] = { 0 };
	char ufrag[16];

	memset(paths, 0, sizeof(paths));
	memset(ufrags, 0, sizeof(ufrags));
	srand(1);
	for (unsigned round = 0; round < 200000; round++) {
		unsigned i = (unsigned)rand() % 1000;
		uintptr_t slot = rand() % 4 ? (uintptr_t)rand() * 2 + 2 : 0;
		bool of_path = rand() % 2;
		uintptr_t *want = of_path ? &paths[i] : &ufrags[i];
		unsigned max = SESSIONS * (of_path ? DEMUX_PATHS : DEMUX_UFRAGS);
		bool full = slot && !*want && count[of_path] == max;
		struct peer a = peer(i * 2654435761u, (uint16_t)i);

		name(ufrag, i);
		int r = of_path ? demux_put_path(demux, &a, i % 8, slot)
		                : demux_put_ufrag(demux, ufrag, slot);
		assert_int_equal(r, full ? -ENOSPC : 0);
		if (!full) {
			count[of_path] += !!slot - !!*want;
			*want = slot;
		}
		i = (unsigned)rand() % 1000;
		a = peer(i * 2654435761u, (uint16_t)i);
		name(ufrag, i);
		assert_int_equal(demux_path(demux, &a, i % 8), paths[i]);
		assert_int_equal(demux_ufrag(demux, ufrag), ufrags[i]);
	}
}

static void one_session_is_enough_for_a_table(void **state)
{
	struct demux *small = NULL;

	assert_int_equal(demux_create(&small, 1), 0);
	assert_int_equal(demux_put_ufrag(small, "AbCdEfGh", 2), 0);
	assert_int_equal(demux_ufrag(small, "AbCdEfGh"), 2);
	demux_free(small);
	demux_free(NULL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_ufrag_leads_to_its_slot),
		CASE(a_path_is_address_version_port_and_our_address),
		CASE(an_ssrc_leads_to_its_slot),
		CASE(a_hint_is_taken_where_nothing_better_is_known),
		CASE(hints_have_room),
		CASE(hints_overwrite_each_other),
		CASE(a_full_table_says_so),
		CASE(it_agrees_with_an_array),
		CASE(one_session_is_enough_for_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
