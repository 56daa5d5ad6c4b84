/* SPDX-License-Identifier: BSD-3-Clause */
/* A run: the roster's flows, their clips and output, the loop that sends, the account. One thread. */
#ifndef TOOLS_GEN_GEN_H
#define TOOLS_GEN_GEN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "tools/gen/agenda.h"
#include "tools/gen/clip.h"
#include "tools/gen/flow.h"
#include "tools/gen/options.h"
#include "tools/gen/output.h"
#include "tools/gen/roster.h"

struct peers;
struct stock;

/* What could be sent at most; see gen_ceiling.h. */
struct gen_ceiling {
	uint64_t datagrams, bytes, cpu_ns; /* datagrams 0: not measured */
	double tsc, encrypt_tsc;
};

struct gen {
	const struct options *options;
	const volatile sig_atomic_t *stop; /* becomes non-zero: end cleanly */
	struct roster roster;
	struct clip *clips[CODECS];
	struct protect_batch *batch;
	struct output *output;
	struct flow *flows; /* one a track of the roster, in its order */
	unsigned flow_count;
	struct agenda agenda;
	struct stock *stock;          /* --prepare: what is sent instead of what flows make; NULL else */
	struct options stock_options; /* of its flows */
	struct gen_ceiling ceiling;
	struct peers *peers; /* --webrtc, made by the caller before the roster is filled; NULL else */
	int peers_status;    /* of sending what they answered */
	FILE *frames_file;
	uint64_t start_ns;      /* CLOCK_MONOTONIC at virtual time 0 */
	uint64_t start_wall_ns; /* Unix time then */
	uint64_t sent_ns;       /* real time that sending took */
	uint64_t tsc; /* cycles of the time stamp counter in which it was not waited for time to pass */
	uint64_t encrypt_tsc; /* those of the batch before the run began */
	uint64_t rtcp_received, rtcp_unreadable;
	bool interrupted;
};

/* Take the roster, which is filled, make the clips, flows and output. @gen is zeroed but for options, stop,
 * peers and roster. 0 or -errno, logged. */
int gen_prepare(struct gen *gen);
/* Send until all flows have ended. 0 or -errno, logged. */
int gen_run(struct gen *gen);
/* Print the account as JSON. 0, -ENOMEM or the errno of writing. */
int gen_print_account(const struct gen *gen, bool complete, FILE *to);
void gen_free(struct gen *gen);

#endif
