/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/opening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/id.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/opening_check.h"
#include "dataplane/opening_webrtc.h"
#include "dataplane/port_claim.h"
#include "dataplane/session_webrtc.h"
#include "dataplane/slot_pool.h"
#include "dataplane/crypto.h"
#include "writers/writer.h"

#define LINE 64 /* what an lcore writes shares no cache line with anybody else's */

void *opening_make_lines(size_t size)
{
	void *lines;

	size = (size + LINE - 1) / LINE * LINE;
	lines = aligned_alloc(LINE, size);
	if (lines)
		memset(lines, 0, size);
	return lines;
}

/* An SSRC of ours: not 0, none of @open's, and not @other. */
static uint32_t random_ssrc(const struct msg_session_open *open, uint32_t other)
{
	uint32_t ssrc;
	bool taken;

	do {
		id_random(&ssrc, sizeof(ssrc));
		taken = ssrc == 0 || ssrc == other;
		for (unsigned i = 0; i < open->track_count; i++) {
			const struct msg_track *t = &open->tracks[i];
			taken |= (t->ssrc_known || t->ssrc_bound) && t->ssrc == ssrc;
			taken |= t->rtx_ssrc_known && t->rtx_ssrc == ssrc;
			taken |= t->fec_ssrc_known && t->fec_ssrc == ssrc;
		}
	} while (taken);
	return ssrc;
}

static void fill_endpoint(struct session *s)
{
	struct endpoint *ep = s->endpoint;

	ep->port = s->open.port;
	ep->local = s->local;
	ep->flow_count = s->open.track_count;
	ep->feedback_ssrcs[0] = random_ssrc(&s->open, 0);
	ep->feedback_ssrcs[1] = random_ssrc(&s->open, ep->feedback_ssrcs[0]);
	id_make(ep->cname, sizeof(ep->cname), ""); /* RFC 7022 section 4.2: short-term, random */
	ep->session = s;
	ep->bye = (struct command){ .kind = COMMAND_BYE, .endpoint = ep, .session = s };
	ep->astray = (struct command){ .kind = COMMAND_ASTRAY, .endpoint = ep, .session = s };
}

/* The first track that has the same key: its reports are as good as this one's. */
static uint8_t key_group(const struct msg_session_open *open, unsigned index)
{
	const struct msg_track *t = &open->tracks[index];

	for (unsigned i = 0; i < index; i++)
		if (open->tracks[i].profile == t->profile &&
		        (t->profile == PROFILE_PLAIN ||
		                memcmp(open->tracks[i].key, t->key, sizeof(t->key)) == 0))
			return (uint8_t)i;
	return (uint8_t)index;
}

static int make_crypto(struct flow *flow, struct endpoint *ep, const struct msg_track *t)
{
	const struct crypto_cfg cfg = {
		.profile = t->profile,
		.key = t->key,
		.send_key = t->send_key,
		.ssrc_known = t->ssrc_known || t->ssrc_bound,
		.others = !t->ssrc_known,
		.ssrc = t->ssrc,
		.roc = t->roc,
		.send_ssrcs = { ep->feedback_ssrcs[0], ep->feedback_ssrcs[1] },
		.send_indices = ep->report_indices,
	};

	return t->profile == PROFILE_PLAIN ? 0 : crypto_create(&flow->crypto, &cfg);
}

static void zero_slot(uint64_t *slot, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		stat_set(slot, i, 0);
}

/* For those who read the counters: whose they are. A layer is its track's. */
static void label_track(struct session *s, unsigned index)
{
	const struct msg_track *t = &s->open.tracks[index];
	unsigned of = t->layer_of ? t->layer_of - 1u : index, slot = s->tracks[index].stat_index;
	struct stat_segment *stat = s->table->cfg.stat;
	char label[STAT_LABEL_BYTES];

	snprintf(label, sizeof(label), "%.47s/%.39s/%.39s", s->open.room, s->open.participant,
	        s->open.tracks[of].id);
	stat_set_label(stat, STAT_SCOPE_FLOW, slot, label);
	stat_set_label(stat, STAT_SCOPE_TRACK, slot, label);
	stat_set(stat_slot(stat, STAT_SCOPE_FLOW, slot), STAT_FLOW_track, s->tracks[of].stat_index);
}

/* The half of a track that its lcore has. */
static int make_flow(struct session *s, unsigned index)
{
	struct session_track *st = &s->tracks[index];
	const struct msg_track *t = &s->open.tracks[index];
	struct endpoint *ep = s->endpoint;
	struct flow *flow = &s->flows[index];

	st->session = s;
	st->stat_index = s->open.tracks[index].stat_index = slot_pool_take(s->table->slots);
	s->table->track_count++;
	if (!t->layer_of)
		claim_put(&s->table->names, &st->claim, s->open.room, t->id, s);
	st->flow = ep->flows[index] = flow;
	flow->slot = stat_slot(s->table->cfg.stat, STAT_SCOPE_FLOW, st->stat_index);
	zero_slot(flow->slot, STAT_FLOW_COUNT);
	zero_slot(stat_slot(s->table->cfg.stat, STAT_SCOPE_TRACK, st->stat_index), STAT_TRACK_COUNT);
	label_track(s, index);
	flow->clock_rate = t->clock_rate;
	flow->roc = t->roc;
	flow->payload_type = t->payload_type;
	flow->index = (uint8_t)index;
	flow->writer = (uint8_t)s->writer;
	flow->key_group = key_group(&s->open, index);
	flow->video = codec_info(t->codec)->video;
	if (s->webrtc)
		return opening_webrtc_flow(s, index);
	flow->ssrc_known = t->ssrc_known;
	if (t->ssrc_known || t->ssrc_bound) {
		ep->ssrcs[index] = t->ssrc;
		ep->ssrc_bound |= 1u << index;
	}
	return make_crypto(flow, ep, t);
}

/* The half of a track that its writer has; layers have their track's. */
static int open_track(struct session *s, unsigned index)
{
	struct session_track *st = &s->tracks[index];
	const struct msg_track *t = &s->open.tracks[index];
	struct track_cfg cfg = {
		.conf = s->table->cfg.conf,
		.codec = t->codec,
		.clock_rate = t->clock_rate,
		.channels = t->channels,
		.stat_index = st->stat_index,
		.slot = stat_slot(s->table->cfg.stat, STAT_SCOPE_TRACK, st->stat_index),
		.cookie = st,
	};
	int r;

	if (t->layer_of) {
		st->flow->track = s->flows[t->layer_of - 1].track;
		return 0;
	}
	memcpy(cfg.session, s->open.id, sizeof(cfg.session));
	memcpy(cfg.room, s->open.room, sizeof(cfg.room));
	memcpy(cfg.participant, s->open.participant, sizeof(cfg.participant));
	memcpy(cfg.id, t->id, sizeof(cfg.id));
	memcpy(cfg.promised, t->promised, sizeof(cfg.promised));
	memcpy(cfg.parameter_sets, t->parameter_sets, t->parameter_set_bytes);
	cfg.parameter_set_bytes = t->parameter_set_bytes;
	if (s->webrtc)
		opening_webrtc_track(s, index, &cfg);
	r = writer_track_open(s->table->cfg.writers, s->writer, &cfg, &st->track);
	if (r < 0)
		return r;
	st->flow->track = st->track;
	st->state = SESSION_TRACK_OPEN;
	return 0;
}

/* All tracks of one participant belong to one writer. */
static void pick_writer(struct session *s)
{
	struct session_table *table = s->table;
	const struct session *other = NULL;

	if (s->open.participant[0])
		other = claim_find(&table->participants, s->open.room, s->open.participant);
	s->writer = other ? other->writer : writer_pick(table->cfg.writers);
	claim_put(&table->participants, &s->participant_claim, s->open.room, s->open.participant, s);
}

static void set_times(struct session *s)
{
	if (!s->open.idle_timeout_s)
		s->open.idle_timeout_s = (uint32_t)s->table->cfg.conf->record_idle_timeout_s;
	if (!s->open.opened_unix_ns)
		s->open.opened_unix_ns = clk_wall_ns();
	s->opened_mono_ns = s->active_mono_ns = clk_mono_ns();
}

/* A session in the table, with nothing made yet but the memory. */
static int make_session(
        struct session **ret_session, struct session_table *table, const struct msg_session_open *open)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->table = table;
	s->open = *open;
	s->state = MSG_SESSION_WAITING;
	TAILQ_INSERT_TAIL(&table->sessions, s, link);
	table->session_count++;
	claim_put(&table->ids, &s->id_claim, s->open.id, "", s);
	LIST_INIT(&s->files);
	s->endpoint = opening_make_lines(sizeof(*s->endpoint));
	s->flows = opening_make_lines(open->track_count * sizeof(s->flows[0]));
	s->commands = calloc(table->cfg.lcore_count, sizeof(s->commands[0]));
	*ret_session = s;
	return s->endpoint && s->flows && s->commands ? 0 : -ENOMEM;
}

static int make_webrtc(struct session *s)
{
	int r = session_webrtc_create(s);

	return r ? r : opening_webrtc_endpoint(s);
}

static int make_parts(struct session *s)
{
	int r = 0;

	pick_writer(s);
	fill_endpoint(s);
	if (s->open.transport == MSG_TRANSPORT_WEBRTC)
		r = make_webrtc(s);
	else
		port_claim_take(s);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < s->open.track_count; i++) {
		r = make_flow(s, i);
		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < s->open.track_count; i++) {
		r = open_track(s, i);
		if (r < 0)
			return r;
	}
	return 0;
}

int opening_build(struct session_table *table, const struct msg_session_open *open,
        struct session **ret_session, char *ret_why)
{
	struct session *s = NULL;
	uint8_t local;
	int r = opening_check(table, open, &local, ret_why);

	if (r < 0)
		return r;
	r = make_session(&s, table, open);
	if (!r) {
		s->local = local;
		set_times(s);
		s->owner = table->opened++ % table->cfg.lcore_count;
		r = make_parts(s);
	}
	if (r < 0) {
		/* -ENOMEM is no word of the message's. */
		r = r == -ENOMEM ? -ENOSPC : r;
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s",
		        r == -ENOKEY ? "SRTP keys are not usable" : strerror(-r));
		if (s)
			session_abandon(s);
		return r;
	}
	*ret_session = s;
	return 0;
}
