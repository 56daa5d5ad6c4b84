/* SPDX-License-Identifier: BSD-3-Clause */
/* The account of a whole run. */
#include "tools/gen/gen.h"

#include <errno.h>
#include "base/clk.h"
#include "base/jsonw.h"
#include "tools/gen/gen_ceiling.h"
#include "tools/gen/options.h"
#include "tools/gen/peers.h"
#include "tools/gen/protect_batch.h"

static void print_flow(const struct gen *g, unsigned index, struct jsonw *w)
{
	const struct flow *f = &g->flows[index];
	const struct roster_track *t = &g->roster.tracks[index];
	const struct roster_session *s = &g->roster.sessions[t->session];
	const struct account_stream *first = &f->account.streams[0];

	jsonw_object(w, NULL);
	jsonw_u64(w, "flow", index);
	jsonw_u64(w, "session", t->session);
	if (s->id[0]) {
		jsonw_string(w, "session_id", s->id);
		jsonw_string(w, "room", s->room);
		jsonw_string(w, "participant", s->participant);
		jsonw_string(w, "track", t->id);
	}
	jsonw_array(w, "records");
	for (unsigned i = 0; i < t->record_count; i++)
		jsonw_string(w, NULL, t->records[i]);
	jsonw_end_array(w);
	jsonw_string(w, "address", s->address);
	jsonw_u64(w, "port", s->port);
	jsonw_u64(w, "ssrc", t->cfg.ssrc);
	jsonw_u64(w, "payload_type", t->cfg.payload_type);
	jsonw_string(w, "codec", codec_info(t->cfg.codec)->name);
	jsonw_string(w, "profile", t->cfg.profile ? profile_info(t->cfg.profile)->name : "plain");
	jsonw_u64(w, "first_seq", first->first_seq);
	jsonw_u64(w, "first_rtp", first->first_rtp);
	jsonw_u64(w, "last_rtp", f->account.streams[f->account.stream_count - 1].last_rtp);
	account_print_counts(&f->account.counts, w);
	account_print_streams(&f->account, w);
	if (f->account.counts.reports_received) {
		jsonw_object(w, "last_report");
		jsonw_u64(w, "fraction_lost", f->account.report.fraction_lost);
		jsonw_i64(w, "lost", f->account.report.lost);
		jsonw_u64(w, "highest_seq", f->account.report.highest_seq);
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
}

/* Cycles of the time stamp counter a datagram: building or copying it, encryption, the kernel or device. */
static void print_cycles(const struct gen *g, uint64_t datagrams, struct jsonw *w)
{
	uint64_t encrypt = protect_batch_tsc(g->batch) - g->encrypt_tsc, send = g->output->tsc;
	double count = datagrams ? (double)datagrams : 1;

	jsonw_object(w, "cycles");
	jsonw_double(w, "build", (double)(g->tsc - encrypt - send - g->output->stalled_tsc) / count);
	jsonw_double(w, "encrypt", (double)encrypt / count);
	jsonw_double(w, "send", (double)send / count);
	jsonw_end_object(w);
}

int gen_print_account(const struct gen *g, bool complete, FILE *to)
{
	struct jsonw w = { .indent = 1 };
	struct account_counts totals = { 0 };
	char started[CLK_RFC3339_BYTES];
	int status;

	for (unsigned i = 0; i < g->flow_count; i++)
		account_add(&totals, &g->flows[i].account.counts);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "version", WIRESPOOL_VERSION);
	jsonw_u64(&w, "seed", g->options->seed);
	jsonw_string(&w, "started", clk_rfc3339(started, g->start_wall_ns, 3));
	jsonw_double(&w, "seconds", (double)g->sent_ns / 1e9);
	jsonw_bool(&w, "complete", complete);
	jsonw_bool(&w, "interrupted", g->interrupted);
	jsonw_object(&w, "totals");
	jsonw_u64(&w, "sessions", g->roster.session_count);
	jsonw_u64(&w, "flows", g->flow_count);
	account_print_counts(&totals, &w);
	jsonw_u64(&w, "rtcp_received", g->rtcp_received);
	jsonw_u64(&w, "rtcp_unreadable", g->rtcp_unreadable);
	jsonw_u64(&w, "output_retries", g->output ? g->output->retries : 0);
	jsonw_end_object(&w);
	print_cycles(g, totals.datagrams, &w);
	gen_ceiling_print(g, &w);
	if (g->peers)
		peers_print(g->peers, &w);
	jsonw_array(&w, "flows");
	for (unsigned i = 0; i < g->flow_count; i++)
		print_flow(g, i, &w);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	status = w.error;
	if (!status && (fprintf(to, "%s\n", w.text) < 0 || fflush(to)))
		status = errno ? -errno : -EIO;
	jsonw_reset(&w);
	return status;
}
