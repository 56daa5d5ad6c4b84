/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/run.h"

#include <errno.h>
#include <string.h>
#include "base/log.h"
#include "tools/replay/engine.h"

struct run {
	struct engine *engine;
	struct sessions *sessions;
	struct run_totals totals;
	bool ignore_checksums;
	uint64_t number; /* of the packet at hand */
};

/* Those whose first packet is at hand. */
static void open_sessions(struct run *run)
{
	for (unsigned i = 0; i < sessions_count(run->sessions); i++) {
		struct sessions_one *one = sessions_at(run->sessions, i);

		if (one->first != run->number)
			continue;
		one->is_open = engine_open(run->engine, &one->open, one->why) == 0;
		run->totals.opened += one->is_open;
		run->totals.refused += !one->is_open;
	}
}

static int take(struct run *run, const struct capture_packet *packet, enum link_kind link)
{
	struct link_frame frame;
	int status = engine_pass(run->engine, packet->unix_ns);

	if (status)
		return status;
	open_sessions(run);
	if (!link_unwrap(link, packet->bytes, packet->len, engine_mac(run->engine), &frame))
		return 0; /* counted by the survey */
	status = engine_packet(run->engine, &frame, run->ignore_checksums);
	run->totals.oversize_pkts += status == -EMSGSIZE;
	if (status == -ENOMEM)
		log_error("no packet buffer is free at packet %llu: replay the sessions in several runs",
		        (unsigned long long)run->number);
	return status == -EMSGSIZE ? 0 : status;
}

int run_capture(struct engine *engine, struct capture *capture, struct sessions *sessions,
        bool ignore_checksums, const volatile sig_atomic_t *stop, struct run_totals *ret_totals)
{
	struct run run = { .engine = engine, .sessions = sessions, .ignore_checksums = ignore_checksums };
	struct capture_packet packet;
	int status = 0;

	for (; !status && capture_next(capture, &packet) > 0; run.number++)
		status = *stop ? -EINTR : take(&run, &packet, capture_link(capture));
	if (!status && *stop)
		status = -EINTR; /* in a read, which looks like the capture's end */
	if (!status)
		status = engine_finish(engine, RUN_END_REASON);
	*ret_totals = run.totals;
	return status;
}
