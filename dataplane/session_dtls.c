/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/session_dtls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/spsc.h"
#include "dataplane/control_link.h"
#include "dataplane/endpoint.h"
#include "dataplane/frame.h"
#include "dataplane/lcore.h"
#include "dataplane/session.h"
#include "dataplane/session_webrtc.h"
#include "dataplane/webrtc.h"

#define TAKE_AT_ONCE 64

/* A datagram on its way down. */
struct session_datagram {
	struct command command; /* first: it is what comes back */
	LIST_ENTRY(session_datagram) link;
	struct msg_datagram datagram;
};

static void pass_up(struct session_table *table, struct rte_mbuf *mbuf)
{
	const struct meta *m = meta_of(mbuf);
	struct session *s = m->endpoint->session;
	union msg msg;

	msg.DTLS_IN_ = (struct msg_datagram){ .len = m->data_len };
	memcpy(msg.DTLS_IN_.id, s->open.id, sizeof(msg.DTLS_IN_.id));
	memcpy(msg.DTLS_IN_.bytes, meta_data(mbuf), m->data_len);
	if (!control_link_offer(table->link, &msg, MSG_DTLS_IN))
		stat_add(table->proc, STAT_PROC_dtls_in_lost, 1);
	atomic_fetch_sub_explicit(&m->endpoint->webrtc->punted, 1, memory_order_relaxed);
	if (s->phase == SESSION_REMOVING)
		session_advance(s);
}

static unsigned take_from(struct session_table *table, struct spsc *punts)
{
	struct rte_mbuf *mbufs[TAKE_AT_ONCE];
	unsigned taken = 0, n;

	do {
		n = spsc_take(punts, (void **)mbufs, TAKE_AT_ONCE);
		for (unsigned i = 0; i < n; i++)
			pass_up(table, mbufs[i]);
		rte_pktmbuf_free_bulk(mbufs, n);
		taken += n;
	} while (n == TAKE_AT_ONCE && taken < LIMIT_PUNTED_PKTS);
	return taken;
}

unsigned session_dtls_poll(struct session_table *table)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < table->cfg.lcore_count; i++)
		taken += take_from(table, table->cfg.lcores[i].punts);
	return taken;
}

void session_dtls_drain(struct spsc *punts)
{
	struct rte_mbuf *mbufs[TAKE_AT_ONCE];
	unsigned n;

	while (punts && (n = spsc_take(punts, (void **)mbufs, TAKE_AT_ONCE)))
		rte_pktmbuf_free_bulk(mbufs, n);
}

bool session_dtls_send(struct session *s, const struct msg_datagram *datagram)
{
	struct session_webrtc *w = s->webrtc;
	struct session_datagram *d;

	if (!w || s->unborn || s->phase == SESSION_REMOVING || w->send_count >= SESSION_DTLS_SENDS ||
	        s->table->send_count >= SESSION_DTLS_SENDS_ALL || datagram->len > FRAME_UDP_MAX)
		return false;
	d = malloc(sizeof(*d));
	if (!d)
		return false;
	d->datagram = *datagram;
	d->command = (struct command){ .kind = COMMAND_SEND, .datagram = &d->datagram };
	LIST_INSERT_HEAD(&w->sends, d, link);
	w->send_count++;
	s->table->send_count++;
	session_send(s, s->owner, &d->command);
	return true;
}

static void free_datagram(struct session *s, struct session_datagram *d)
{
	LIST_REMOVE(d, link);
	s->webrtc->send_count--;
	s->table->send_count--;
	free(d);
}

void session_dtls_take_answer(struct session *s, struct command *c)
{
	struct session_datagram *d = (struct session_datagram *)c;

	if (c->status == -EAGAIN && s->phase != SESSION_REMOVING) {
		/* Its endpoint was on its way to another lcore, and may have other ufrags by now. */
		memset(c->ufrags, 0, sizeof(c->ufrags));
		session_send(s, s->owner, c);
		return;
	}
	free_datagram(s, d);
	session_advance(s);
}

void session_dtls_forget(struct session *s)
{
	struct session_datagram *d;

	while ((d = LIST_FIRST(&s->webrtc->sends)))
		free_datagram(s, d);
}
