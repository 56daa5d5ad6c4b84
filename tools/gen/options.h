/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of wirespool-gen. */
#ifndef TOOLS_GEN_OPTIONS_H
#define TOOLS_GEN_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include "base/codec.h"
#include "base/limits.h"
#include "tools/gen/clip.h"
#include "tools/gen/impair.h"

struct options {
	/* Whom to send to. */
	const char *api, *api_token, *plan, *room, *participant;
	uint64_t sessions;
	enum codec tracks[LIMIT_TRACKS_PER_SESSION];
	unsigned track_count;
	enum profile profile;
	bool keep_open, omit_ssrc, webrtc;
	uint64_t idle_timeout_s, linger_ms;

	/* What. */
	struct clip_cfg clip; /* but for the codec */
	bool flexible;
	uint64_t packet_bytes;
	int64_t seq, timestamp; /* -1: by chance */
	bool reports, bye;
	bool rtcp_next_port; /* RTCP goes to the port after */

	/* How. */
	uint64_t seed;
	uint64_t duration_ns, packets, ramp_ns;
	double rate_scale;
	bool unpaced, prepare, ceiling;
	uint64_t prepare_mb;
	struct impair_cfg impair;
	uint64_t wrong_key;
	uint64_t ssrc_change_ns, restart_ns, pause_at_ns, pause_len_ns;

	/* By what. */
	struct sockaddr_storage bind;
	socklen_t bind_len; /* 0: any */
	const char *netns, *vdev;
	struct in_addr src_ip; /* network byte order; with a vdev */
	uint8_t src_mac[6], dst_mac[6];
	bool has_src_ip, has_src_mac, has_dst_mac, no_huge, udp_checksum;
	int64_t lcore; /* -1: any CPU */
	uint64_t memory_mb, src_port;

	/* What is told. */
	const char *account, *frames_file;
	bool help, version;
};

/* Read the command line; texts stay in argv. 0, or -EINVAL with one line about what is wrong, and what would
 * be right, in
 * @ret_error. */
int options_parse(struct options *ret_options, int argc, char **argv, char *ret_error, size_t error_size);

/* Print what --help prints. */
void options_help(FILE *to);

#endif
