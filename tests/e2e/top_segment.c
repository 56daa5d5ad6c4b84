/* SPDX-License-Identifier: BSD-3-Clause */
/* Plays the dataplane's counters: a segment of so many tracks that all receive, until it is killed.
 * usage: top_segment RUN_DIR TRACKS */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/msg.h"
#include "base/stat.h"

#define STEP_MS 100

static void begin(const struct stat_segment *stat, unsigned tracks)
{
	uint64_t *proc = stat_slot(stat, STAT_SCOPE_PROC, 0);

	stat_set(proc, STAT_PROC_start_unix_ns, clk_wall_ns());
	stat_set(proc, STAT_PROC_sessions_open, tracks / 2);
	stat_set(proc, STAT_PROC_tracks_open, tracks);
	stat_set(stat_slot(stat, STAT_SCOPE_PORT, 0), STAT_PORT_link_up, 1);
	stat_set(stat_slot(stat, STAT_SCOPE_LCORE, 0), STAT_LCORE_tsc_hz, 2000000000);
	for (unsigned i = 0; i < tracks; i++) {
		stat_set(stat_slot(stat, STAT_SCOPE_TRACK, i), STAT_TRACK_state, 2);
		stat_set(stat_slot(stat, STAT_SCOPE_FLOW, i), STAT_FLOW_ssrc, 0x1000 + i);
	}
}

/* What comes in STEP_MS: of track i 10 packets of 100 + i bytes. */
static void receive(const struct stat_segment *stat, unsigned tracks)
{
	uint64_t *lcore = stat_slot(stat, STAT_SCOPE_LCORE, 0);

	for (unsigned i = 0; i < tracks; i++) {
		uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, i),
		         *track = stat_slot(stat, STAT_SCOPE_TRACK, i);

		stat_add(flow, STAT_FLOW_pkts, 10);
		stat_add(flow, STAT_FLOW_bytes, 10 * (100 + i));
		stat_add(track, STAT_TRACK_frames, 3);
		stat_add(track, STAT_TRACK_bytes, 10 * (100 + i));
	}
	stat_add(lcore, STAT_LCORE_polls, 1000);
	stat_add(lcore, STAT_LCORE_bursts, tracks);
	stat_add(lcore, STAT_LCORE_rx_pkts, 10 * tracks);
	stat_add(lcore, STAT_LCORE_rx_bytes, 10 * 700 * (uint64_t)tracks);
	stat_add(lcore, STAT_LCORE_cycles_busy, 20000000);
}

int main(int argc, char **argv)
{
	unsigned tracks = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	struct stat_cfg cfg = { .instances = { 1, 1, 1, tracks, 1, tracks } };
	struct stat_segment *stat;
	char path[256];

	if (!tracks) {
		fprintf(stderr, "usage: %s RUN_DIR TRACKS\n", argv[0]);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/%s", argv[1], MSG_STATS);
	if (stat_create(&stat, path, &cfg)) {
		fprintf(stderr, "%s: cannot make %s\n", argv[0], path);
		return 1;
	}
	for (begin(stat, tracks);; usleep(STEP_MS * 1000))
		receive(stat, tracks);
}
