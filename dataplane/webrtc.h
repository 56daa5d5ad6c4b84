/* SPDX-License-Identifier: BSD-3-Clause */
/* What a WebRTC endpoint has beyond an RTP one. Built by the command thread, then in the hands of the lcore
 * that owns the endpoint, and it moves with it. */
#ifndef DATAPLANE_WEBRTC_H
#define DATAPLANE_WEBRTC_H

#include <stdbool.h>
#include <stdint.h>
#include <rte_mbuf.h>
#include "base/msg.h"
#include "dataplane/command.h"
#include "dataplane/ice.h"
#include "dataplane/source.h"

struct crypto;
struct twcc;

/* Packets that came before the keys did, oldest first; their buffers are the endpoint's. */
struct webrtc_held {
	unsigned count;
	struct rte_mbuf *pkts[LIMIT_HELD_PKTS];
};

struct webrtc {
	/* read-mostly */
	struct crypto *crypto; /* of all flows; NULL until the handshake is through */
	uint8_t extensions[MSG_EXTENSIONS];
	bool reduced_rtcp;
	struct twcc *twcc; /* NULL: not negotiated */
	bool remb, rrtr;
	uint32_t max_bitrate_bps; /* of all flows together, for REMB; 0: no bound */
	/* written per packet */
	struct source_table sources;
	struct ice ice;
	uint32_t expected; /* bit i: flow i's media is found by expected_ssrcs[i] (dataplane/stray.h) */
	uint32_t expected_ssrcs[LIMIT_TRACKS_PER_SESSION];
	/* cold */
	struct webrtc_held held;
	uint64_t next_report_tsc, next_twcc_tsc, next_remb_tsc;
	uint64_t received_bytes; /* of RTP since the last REMB */
	_Atomic uint32_t
	        punted;      /* on their way up: added to by the lcore, taken from by the command thread */
	struct command news; /* COMMAND_NEWS: a path was nominated, or consent has expired */
	bool path_told, expired_told;
	uint32_t rrtr_ntp; /* middle of the last receiver reference time sent, and when */
	uint64_t rrtr_mono_ns;
};

#endif
