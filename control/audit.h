/* SPDX-License-Identifier: BSD-3-Clause */
/* Watches the conservation ledger (base/balance.h) of the dataplane that runs, ten times a second, and that
 * of the uploads (uploader_account), once in ten, and raises an alarm, in the log and as an event, while an
 * account does not balance. Looks are taken on the event loop;
 * what they found may be asked for from any thread. */
#ifndef CONTROL_AUDIT_H
#define CONTROL_AUDIT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct control;
struct event_base;
struct audit;

/* 0 or -ENOMEM. @control and its dataplane last longer. */
int audit_create(struct audit **ret_audit, const struct control *control, struct event_base *loop);
/* When the loop has ended. NULL is allowed. */
void audit_free(struct audit *audit);

/* What the timer does: look at the counters, if there is a dataplane, at @now_ns of the monotonic clock. On
 * the loop. */
void audit_look(struct audit *audit, uint64_t now_ns);

/* Prometheus: wirespool_unaccounted_packets{account="lcore 0"} of ports, rings, each lcore, all tracks and
 * all files; with uploads wirespool_unaccounted_bytes and wirespool_uploads_account_bytes. */
void audit_print(struct audit *audit, FILE *out);

/* {"accounts": looked at, "unaccounted": [{"account","packets"}, …]}, of objects "bytes" in place of packets,
 * and with uploads "objects": {"offered","objects","pending","failed","forgotten"}; NULL: no memory. */
json_t *audit_json(struct audit *audit);

#endif
