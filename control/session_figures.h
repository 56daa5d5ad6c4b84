/* SPDX-License-Identifier: BSD-3-Clause */
/* What is counted for a track, taken out of the shared counters, and the names the API gives it. Any thread.
 */
#ifndef CONTROL_SESSION_FIGURES_H
#define CONTROL_SESSION_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include "base/stat.h"

/* FIGURE(SCOPE, counter, name in the API): each goes on where it was when the dataplane is started anew. */
#define SESSION_FIGURES_TABLE(FIGURE)                                                                        \
	FIGURE(FLOW, pkts, "packets")                                                                        \
	FIGURE(FLOW, bytes, "bytes")                                                                         \
	FIGURE(FLOW, lost_pkts, "lost")                                                                      \
	FIGURE(FLOW, duplicate_pkts, "duplicates")                                                           \
	FIGURE(FLOW, reordered_pkts, "reordered")                                                            \
	FIGURE(FLOW, auth_failed_pkts, "auth_failed")                                                        \
	FIGURE(FLOW, replayed_pkts, "replayed")                                                              \
	FIGURE(FLOW, shed_pkts, "shed")                                                                      \
	FIGURE(FLOW, restarts, "restarts")                                                                   \
	FIGURE(FLOW, sender_reports, "sender_reports")                                                       \
	FIGURE(FLOW, receiver_reports, "receiver_reports")                                                   \
	FIGURE(FLOW, key_frame_requests, "key_frame_requests")                                               \
	FIGURE(TRACK, frames, "frames")                                                                      \
	FIGURE(TRACK, key_frames, "key_frames")                                                              \
	FIGURE(TRACK, bytes, "recorded_bytes")                                                               \
	FIGURE(TRACK, gaps, "gaps")                                                                          \
	FIGURE(TRACK, gap_pkts, "gap_packets")                                                               \
	FIGURE(TRACK, late_pkts, "late_packets")                                                             \
	FIGURE(TRACK, malformed_pkts, "malformed_packets")                                                   \
	FIGURE(TRACK, broken_frames, "broken_frames")                                                        \
	FIGURE(TRACK, skipped_frames, "skipped_frames")                                                      \
	FIGURE(TRACK, dropped_frames, "dropped_frames")

/* The same of what only WebRTC has. */
#define SESSION_FIGURES_WEBRTC_TABLE(FIGURE)                                                                 \
	FIGURE(FLOW, nacked_pkts, "nacked")                                                                  \
	FIGURE(FLOW, rtx_repaired_pkts, "repaired_by_retransmission")                                        \
	FIGURE(FLOW, red_repaired_pkts, "repaired_by_redundancy")                                            \
	FIGURE(FLOW, fec_repaired_pkts, "repaired_by_fec")                                                   \
	FIGURE(FLOW, given_up_pkts, "given_up")                                                              \
	FIGURE(TRACK, layer_switches, "layer_switches")                                                      \
	FIGURE(TRACK, layer_pkts, "layer_packets")

#define SESSION_FIGURES_ENUM(scope, id, ...) SESSION_FIGURE_##scope##_##id,
enum session_figure {
	SESSION_FIGURES_TABLE(SESSION_FIGURES_ENUM)        /**/
	SESSION_FIGURES_WEBRTC_TABLE(SESSION_FIGURES_ENUM) /**/
	SESSION_FIGURES
};
#define SESSION_FIGURES_WEBRTC SESSION_FIGURE_FLOW_nacked_pkts /* the first of these */

struct session_figures {
	uint64_t count[SESSION_FIGURES];
	uint64_t ext_seq, ssrc, jitter_rtp, last_pkt_unix_ns, width, height;
	uint64_t round_trip_us, layer; /* WebRTC */
};

/* Read the slots of @index. False, and nothing changed, when there are none or they are free; with @ended
 * also when they are in use, for then they have passed to another track. Whether they are is told by those of
 * @owner: of a simulcast layer the track's that it belongs to, else @index itself. */
bool session_figures_read(struct session_figures *figures, const struct stat_segment *stat, uint32_t index,
        uint32_t owner, bool ended);

/* Whether it is counted for packets that come in, and not for what becomes of them on the disk. */
bool session_figures_is_flow(enum session_figure figure);

/* The API's name of a figure. Static storage. */
const char *session_figures_name(enum session_figure figure);

#endif
