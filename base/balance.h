/* SPDX-License-Identifier: BSD-3-Clause */
/* The conservation ledger: every packet that came in is recorded, or counted under the reason why it is not.
 * What the counters of a dataplane have to add up to is said here once, for control's alarm, the dashboard,
 * the doctor and the tests.
 *
 *   ports   rx_pkts of all ports          = rx_pkts of all lcores, but for what has come in the last seconds
 *   lcore   rx_pkts + forwarded_in + released_pkts + recovered_pkts
 *                                         = forwarded_out + answered + punted_pkts + held_pkts + rtcp_pkts
 *                                           + fec_pkts + handed_pkts + all drop_*
 *   rings   handed_pkts + handed_reports of all lcores
 *                                         = pkts of all writers, but for what has come in the last seconds
 *   track   its FLOWs' pkts - shed_pkts   = TRACK's pkts + late + padding + malformed + cut + layer, when it
 *                                           is done; before that what is held for order comes on top
 *   files   TRACK's pkts                  = its filed_pkts, those of its files' sidecars, when it is done;
 * before that what is in the open file comes on top
 *
 * The counters are looked at while their owners write them. An lcore's account is open while it works on a
 * burst, so the best of many looks counts; what is on its way from one thread to another is compared with
 * what had been sent some time before. So a packet that is not accounted for shows when traffic pauses at the
 * latest.
 */
#ifndef BASE_BALANCE_H
#define BASE_BALANCE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/stat.h"

enum balance_kind {
	BALANCE_PORTS,
	BALANCE_LCORE,
	BALANCE_RINGS,
	BALANCE_TRACK,
	BALANCE_FILES, /* of a track */
	BALANCE_KINDS
};

/* Of one account: packets that came in less those that are accounted for. Not 0: something is wrong. */
struct balance_row {
	enum balance_kind kind;
	unsigned instance; /* of lcores, tracks, and tracks' files */
	int64_t unaccounted_pkts;
};

struct balance;

/* One reader's looks at one dataplane after the other. 0, -ENOMEM. One thread at a time. */
int balance_create(struct balance **ret_balance);
void balance_free(struct balance *balance);

/* Look at the counters, at @now_ns of the monotonic clock: some ten times a second. With those of a dataplane
 * that was started later than the one before it begins anew. */
void balance_look(struct balance *balance, const struct stat_segment *stat, uint64_t now_ns);

/* The accounts that do not balance, at most @max: how many there are in all. Those of ports, lcores and
 * rings, then of tracks and their files. */
unsigned balance_rows(const struct balance *balance, struct balance_row *ret_rows, unsigned max);

/* Accounts that were looked at, for those who say that all is well. */
unsigned balance_accounts(const struct balance *balance);

const char *balance_kind_name(enum balance_kind kind); /* "ports", "lcore", "rings", "track", "files" */

/* One look at an lcore's slot; signed as unaccounted_pkts. */
int64_t balance_lcore(const uint64_t *lcore);

#endif
