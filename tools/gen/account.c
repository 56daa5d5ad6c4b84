/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/account.h"

#include <errno.h>
#include <stdlib.h>
#include "base/jsonw.h"

void account_free(struct account *account)
{
	for (size_t i = 0; i < account->stream_count; i++)
		free(account->streams[i].gaps);
	free(account->streams);
	account->streams = NULL;
	account->stream_count = 0;
}

int account_begin_stream(struct account *account, uint32_t ssrc)
{
	struct account_stream *streams =
	        realloc(account->streams, (account->stream_count + 1) * sizeof(*streams));

	if (!streams)
		return -ENOMEM;
	streams[account->stream_count++] = (struct account_stream){ .ssrc = ssrc };
	account->streams = streams;
	return 0;
}

static int add_gap(struct account_stream *s, const struct account_packet *p)
{
	struct account_gap *last = s->gap_count ? &s->gaps[s->gap_count - 1] : NULL;

	if (last && last->last + 1 == p->seq) {
		last->last = p->seq;
		if (last->cause != p->fate)
			last->cause = IMPAIR_FATES;
		return 0;
	}
	if (s->gap_count == s->gap_room) {
		size_t room = s->gap_room ? 2 * s->gap_room : 16;
		struct account_gap *gaps = realloc(s->gaps, room * sizeof(*gaps));

		if (!gaps)
			return -ENOMEM;
		s->gaps = gaps;
		s->gap_room = room;
	}
	s->gaps[s->gap_count++] = (struct account_gap){
		.first = p->seq, .last = p->seq, .rtp_time = p->rtp_time, .cause = p->fate
	};
	return 0;
}

void account_packet(struct account *account, const struct account_packet *p)
{
	struct account_stream *s = &account->streams[account->stream_count - 1];

	if (!s->begun) {
		s->first_seq = p->seq;
		s->first_rtp = p->rtp_time;
		s->begun = true;
	}
	s->last_seq = p->seq;
	s->last_rtp = p->rtp_time;
	s->packets_made++;
	account->counts.packets_made++;
	account->counts.dropped += p->fate == IMPAIR_LOST;
	account->counts.corrupted += p->fate == IMPAIR_CORRUPT;
	account->counts.truncated += p->fate == IMPAIR_TRUNCATED;
	account->counts.malformed += p->fate == IMPAIR_MALFORMED;
	if (p->accepted) {
		s->packets_sent++;
		account->counts.packets_sent++;
		return;
	}
	account->counts.gap_packets++;
	account->counts.wrong_key += p->fate == IMPAIR_INTACT || p->fate == IMPAIR_MALFORMED;
	if (add_gap(s, p))
		account->error = -ENOMEM;
}

void account_frame(struct account *account, const struct clip_frame *frame, bool intact)
{
	struct account_counts *c = &account->counts;

	c->frames_made++;
	c->key_frames += frame->key;
	if (!intact)
		return;
	c->frames_intact++;
	c->frame_bytes += frame->len;
	c->key_frames_intact += frame->key;
	account->streams[account->stream_count - 1].frames_intact++;
}

void account_add(struct account_counts *sum, const struct account_counts *more)
{
#define ACCOUNT_SUM(field, sentence) sum->field += more->field;
	ACCOUNT_TABLE(ACCOUNT_SUM)
#undef ACCOUNT_SUM
}

void account_print_counts(const struct account_counts *counts, struct jsonw *w)
{
#define ACCOUNT_PRINT(field, sentence) jsonw_u64(w, #field, counts->field);
	ACCOUNT_TABLE(ACCOUNT_PRINT)
#undef ACCOUNT_PRINT
}

static void print_gap(const struct account_stream *s, const struct account_gap *gap, struct jsonw *w)
{
	static const char *const causes[] = {
		[IMPAIR_INTACT] = "wrong_key",
		[IMPAIR_LOST] = "dropped",
		[IMPAIR_CORRUPT] = "corrupted",
		[IMPAIR_TRUNCATED] = "truncated",
		[IMPAIR_MALFORMED] = "wrong_key",
		[IMPAIR_FATES] = "several",
	};

	jsonw_object(w, NULL);
	jsonw_u64(w, "first", gap->first);
	jsonw_u64(w, "last", gap->last);
	jsonw_u64(w, "packets", gap->last - gap->first + 1);
	jsonw_u64(w, "rtp_time", gap->rtp_time);
	jsonw_string(w, "cause", causes[gap->cause]);
	jsonw_string(w, "where",
	        gap->first == s->first_seq ? "head"
	        : gap->last == s->last_seq ? "tail"
	                                   : "inside");
	jsonw_end_object(w);
}

void account_print_streams(const struct account *account, struct jsonw *w)
{
	jsonw_array(w, "streams");
	for (size_t i = 0; i < account->stream_count; i++) {
		const struct account_stream *s = &account->streams[i];

		jsonw_object(w, NULL);
		jsonw_u64(w, "ssrc", s->ssrc);
		jsonw_u64(w, "first_seq", s->first_seq);
		jsonw_u64(w, "last_seq", s->last_seq);
		jsonw_u64(w, "first_rtp", s->first_rtp);
		jsonw_u64(w, "last_rtp", s->last_rtp);
		jsonw_u64(w, "packets_made", s->packets_made);
		jsonw_u64(w, "packets_sent", s->packets_sent);
		jsonw_u64(w, "frames_intact", s->frames_intact);
		jsonw_array(w, "gaps");
		for (size_t g = 0; g < s->gap_count; g++)
			print_gap(s, &s->gaps[g], w);
		jsonw_end_array(w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}
