/* SPDX-License-Identifier: BSD-3-Clause */
/* WebRTC sessions in the table of tests/unit/dataplane/table.h, and who knows them. Header only: each test is
 * one source file. */
#ifndef TESTS_UNIT_DATAPLANE_TABLE_WEBRTC_H
#define TESTS_UNIT_DATAPLANE_TABLE_WEBRTC_H

#include "tests/unit/dataplane/table.h"
#include "dataplane/webrtc.h"

static inline void open_webrtc(const char *id, const char *ufrag, unsigned n)
{
	union msg msg = opening_webrtc(id, ufrag, n);

	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
}

/* Whose @ufrag is by the table of lcore @i: its own endpoint, or which lcore's; NULL and -1: nobody's. */
static inline struct endpoint *own_of(unsigned i, const char *ufrag)
{
	uintptr_t slot = demux_ufrag(lcores[i].demux, ufrag);

	return slot & 1 ? NULL : (struct endpoint *)slot;
}

static inline int other_of(unsigned i, const char *ufrag)
{
	uintptr_t slot = demux_ufrag(lcores[i].demux, ufrag);

	return slot & 1 ? (int)(slot >> 1) : -1;
}

/* All lcores know the session by @ufrag. */
static inline void assert_known(const struct session *s, const char *ufrag)
{
	assert_ptr_equal(own_of(s->owner, ufrag), s->endpoint);
	assert_int_equal(other_of(!s->owner, ufrag), s->owner);
}

static inline void assert_unknown(const char *ufrag)
{
	for (unsigned i = 0; i < LCORES; i++)
		assert_int_equal(demux_ufrag(lcores[i].demux, ufrag), 0);
}

#endif
