/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of tests/unit/dataplane/table.h and its lcores in threads of their own. Header only: each test is
 * one source file. */
#ifndef TESTS_UNIT_DATAPLANE_TABLE_THREADS_H
#define TESTS_UNIT_DATAPLANE_TABLE_THREADS_H

#include "tests/unit/dataplane/table.h"

#define THREADS_SESSIONS 3 /* s_0 … s_2 */

struct threads {
	pthread_t lcores[LCORES], table;
	int result;
};

/* A poll loop without packets. */
static inline void *be_lcore(void *arg)
{
	struct lcore *lc = arg;
	struct rte_mbuf *none[LCORE_BURST];

	while (!atomic_load(&lcores_stop)) {
		lc->now_tsc += 1000000;
		lc->now_unix_ns += 1000000;
		command_poll(lc);
		endpoint_take_forwarded(lc, none, LCORE_BURST);
		feedback_timer(lc);
		/* as if its packets came from the other side */
		for (unsigned i = 0; i < WHEEL_SLOTS; i++) {
			struct wheel_timer *timer = lc->wheel.slots[i].next;
			if (timer == &lc->wheel.slots[i])
				continue;
			struct endpoint *ep = container_of(timer, struct endpoint, timer);
			ep->passed_pkts += 100;
			ep->own_pkts += 100;
			ep->passed_from = (uint8_t)!lc->index;
		}
		usleep(50);
	}
	return NULL;
}

static inline void *run_table(void *arg)
{
	*(int *)arg = session_table_run(table);
	return NULL;
}

static inline void threads_begin(struct threads *threads)
{
	threads->result = -1;
	for (unsigned i = 0; i < LCORES; i++)
		assert_int_equal(pthread_create(&threads->lcores[i], NULL, be_lcore, &lcores[i]), 0);
	assert_int_equal(pthread_create(&threads->table, NULL, run_table, &threads->result), 0);
}

/* A shutdown, of the table first. */
static inline void threads_end(struct threads *threads)
{
	atomic_store(&stop, true);
	pthread_join(threads->table, NULL);
	atomic_store(&lcores_stop, true);
	for (unsigned i = 0; i < LCORES; i++)
		pthread_join(threads->lcores[i], NULL);
	assert_int_equal(threads->result, 0);
}

/* What control says, when there is room for it. */
static inline void tell_control(union msg *msg, enum msg_type type, uint64_t id)
{
	while (ipc_send(control, msg, type, id) == -EAGAIN)
		usleep(100);
}

/* The answers to @first and those after it, one for each session, in any order: all are 0. */
static inline void wait_acks(uint64_t first)
{
	for (unsigned seen = 0; seen != (1u << THREADS_SESSIONS) - 1;) {
		struct pollfd fd = { .fd = control, .events = POLLIN };
		union msg msg;
		assert_int_equal(poll(&fd, 1, 20000), 1);
		assert_int_equal(ipc_recv(control, &msg), 0);
		if (msg.head.type != MSG_ACK || msg.head.id < first ||
		        msg.head.id >= first + THREADS_SESSIONS)
			continue;
		assert_int_equal(msg.ACK_.status, 0);
		seen |= 1u << (msg.head.id - first);
	}
}

/* Close the sessions one after the other, by requests from @first on; all come to their end. */
static inline void close_all(uint64_t first)
{
	for (unsigned done = 0, i = 0; i < THREADS_SESSIONS; i++) {
		union msg msg;

		memset(&msg, 0, sizeof(msg));
		snprintf(msg.SESSION_CLOSE_.id, sizeof(msg.SESSION_CLOSE_.id), "s_%u", i);
		msg.SESSION_CLOSE_.failed = i == 1;
		tell_control(&msg, MSG_SESSION_CLOSE, first + i);
		while (done <= i) {
			struct pollfd fd = { .fd = control, .events = POLLIN };
			assert_int_equal(poll(&fd, 1, 20000), 1);
			assert_int_equal(ipc_recv(control, &msg), 0);
			done += msg.head.type == MSG_SESSION_STATE &&
			        msg.SESSION_STATE_.state == (i == 1 ? MSG_SESSION_FAILED : MSG_SESSION_DONE);
		}
	}
}

#endif
