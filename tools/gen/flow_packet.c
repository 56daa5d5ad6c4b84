/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/flow_packet.h"

#include <errno.h>
#include <string.h>
#include "base/rtp.h"
#include "tools/gen/options.h"
#include "tools/gen/output.h"
#include "tools/gen/protect_batch.h"

static int commit(struct flow *f, size_t len)
{
	f->account.counts.datagrams++;
	f->account.counts.bytes += len;
	return f->output->ops->commit(f->output, f->session, 0, len);
}

static int send_copy(struct flow *f, const uint8_t *data, size_t len)
{
	uint8_t *out = f->output->ops->buffer(f->output);

	if (!out)
		return -errno;
	memcpy(out, data, len);
	return commit(f, len);
}

/* Send what is in the output's buffer, @out, and what goes with it. */
static int send_now(struct flow *f, const struct hold_packet *p, const uint8_t *out)
{
	uint8_t again[LIMIT_PACKET_BYTES];
	int status = 0;

	if (f->any_sent && p->seq < f->highest_sent)
		f->account.counts.reordered++;
	else
		f->highest_sent = p->seq;
	f->any_sent = true;
	if (p->accepted && f->options->impair.replay > 0)
		status = hold_remember(&f->hold, out, p->len);
	if (p->duplicate)
		memcpy(again, out, p->len);
	if (!status)
		status = commit(f, p->len);
	if (!status && p->duplicate) {
		f->account.counts.duplicated++;
		status = send_copy(f, again, p->len);
	}
	return status;
}

static int send_held(struct flow *f, bool all)
{
	const struct hold_slot *slot;
	int status = 0;

	while (!status && f->hold.late_count && (slot = hold_take(&f->hold, all))) {
		uint8_t *out = f->output->ops->buffer(f->output);

		if (!out)
			return -errno;
		memcpy(out, slot->data, slot->packet.len);
		status = send_now(f, &slot->packet, out);
	}
	return status;
}

int flow_packet_flush(struct flow *f)
{
	return send_held(f, true);
}

static int send_replay(struct flow *f, uint64_t random)
{
	const struct hold_slot *slot = hold_recall(&f->hold, random);

	if (!slot)
		return 0;
	f->account.counts.replayed++;
	return send_copy(f, slot->data, slot->packet.len);
}

/* Whether something is to be done with the protected bytes before they leave. */
static bool is_needed_now(const struct flow *f, const struct impair_verdict *v)
{
	return v->fate == IMPAIR_CORRUPT || v->fate == IMPAIR_TRUNCATED || v->duplicate || v->delay_pkts ||
	       f->options->impair.replay > 0;
}

/* Build the packet in @out; it is protected with its burst, or now where that is needed. Its length. */
static size_t build(struct flow *f, const struct impair_verdict *v, uint8_t *out)
{
	bool marker;
	size_t payload = pay_next(&f->pay, out + RTP_HEADER_BYTES, &marker), len;

	f->sender_packets++;
	f->sender_bytes += (uint32_t)payload;
	rtp_build(out, f->cfg.payload_type, marker, (uint16_t)f->seq, (uint32_t)f->last_rtp, f->ssrc);
	if (v->fate == IMPAIR_LOST)
		return RTP_HEADER_BYTES;
	if (v->fate == IMPAIR_MALFORMED)
		payload = impair_malform(out + RTP_HEADER_BYTES, f->cfg.codec, v->random);
	len = RTP_HEADER_BYTES + payload;
	len = protect_batch_add(f->output->batch, f->key, out, len, f->seq);
	if (f->key && is_needed_now(f, v))
		protect_batch_run(f->output->batch);
	if (v->fate == IMPAIR_CORRUPT)
		impair_corrupt(out, len, v->random);
	if (v->fate == IMPAIR_TRUNCATED)
		len = impair_truncate(len, v->random);
	return len;
}

/* Whether a receiver should take it: an SRTP tag tells any harm, a plain receiver can only see the header. */
static bool is_acceptable(const struct flow *f, enum impair_fate fate, size_t len)
{
	if (f->wrong_key || fate == IMPAIR_LOST)
		return false;
	if (fate == IMPAIR_INTACT || fate == IMPAIR_MALFORMED)
		return true;
	return f->cfg.profile == PROFILE_PLAIN && len >= RTP_HEADER_BYTES;
}

static int dispatch(struct flow *f, const struct hold_packet *p, const uint8_t *out)
{
	if (p->due) {
		int status = hold_late(&f->hold, p, out);

		f->account.counts.delayed += !status;
		if (status != -ENOSPC)
			return status;
	}
	return send_now(f, p, out);
}

int flow_packet_send(struct flow *f, uint64_t *ret_jitter_ns)
{
	uint8_t *out = f->output->ops->buffer(f->output);
	struct impair_verdict v;
	size_t len;
	int status = 0;

	if (!out)
		return -errno;
	impair_next(&f->impair, &v);
	*ret_jitter_ns = v.jitter_ns;
	len = build(f, &v, out);
	struct account_packet note = {
		.fate = v.fate,
		.accepted = is_acceptable(f, v.fate, len),
		.seq = f->seq,
		.rtp_time = f->last_rtp,
	};
	account_packet(&f->account, &note);
	f->account.counts.truncated_in_header += v.fate == IMPAIR_TRUNCATED && len < RTP_HEADER_BYTES;
	if (v.fate != IMPAIR_INTACT)
		f->intact = false;
	hold_tick(&f->hold);
	if (v.fate != IMPAIR_LOST) {
		struct hold_packet p = { .seq = f->seq,
			.due = v.delay_pkts,
			.accepted = note.accepted,
			.duplicate = v.duplicate };

		p.len = (uint16_t)len;
		status = dispatch(f, &p, out);
	}
	f->seq++;
	if (!status)
		status = send_held(f, false);
	if (!status && v.replay)
		status = send_replay(f, v.random);
	return status;
}
