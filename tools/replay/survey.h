/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in a capture, by a first walk through it: times, where its UDP datagrams go, and a number that
 * stands for its content. Main thread. */
#ifndef REPLAY_SURVEY_H
#define REPLAY_SURVEY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "tools/replay/capture.h"

struct survey;

/* A UDP port of an address that packets of the capture are for. */
struct survey_place {
	bool is_v6;
	uint8_t addr[16];
	uint16_t port;
	uint64_t first; /* number of its first packet in the capture, from 0 on */
	uint64_t pkts, dtls_pkts;
};

struct survey_totals {
	uint64_t pkts;
	uint64_t cut_pkts;       /* of which the capture has not all bytes */
	uint64_t unknown_pkts;   /* shorter than the link's header, or no IP on a link that says so */
	uint64_t backward_pkts;  /* earlier than the one before */
	uint64_t elsewhere_pkts; /* to more places than are told apart */
	uint64_t first_unix_ns, last_unix_ns; /* last: the latest */
	uint64_t digest;
	bool is_damaged; /* the file ends within a packet, or what follows cannot be read */
	char damage[CAPTURE_WHY_BYTES];
};

/* Walk through @capture, to its end. 0; -ENOMEM; or -EINTR: a signal has set *stop. */
int survey_create(struct survey **ret_survey, struct capture *capture, const volatile sig_atomic_t *stop);
void survey_free(struct survey *survey);

const struct survey_totals *survey_totals(const struct survey *survey);

/* Places, those with most packets first; *ret_count of them. Of more than LIMIT_REPLAY_PLACES only the first
 * seen. */
const struct survey_place *survey_places(const struct survey *survey, unsigned *ret_count);

/* The place at @port that has most packets, at @addr if it is not NULL; NULL: there is none. */
const struct survey_place *survey_find(
        const struct survey *survey, uint16_t port, const uint8_t *addr, bool is_v6);

#endif
