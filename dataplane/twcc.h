/* SPDX-License-Identifier: BSD-3-Clause */
/* Transport-wide congestion control, the receiver's half
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01): when each packet of an endpoint arrived, told to the
 * sender every TWCC_MS while packets come, so that it finds its rate. Built by the command thread, then the
 * owner lcore's. Never allocates.
 */
#ifndef DATAPLANE_TWCC_H
#define DATAPLANE_TWCC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TWCC_MS     50   /* between reports while packets come */
#define TWCC_WINDOW 2048 /* sequence numbers remembered; a power of two */

struct twcc;

/* 0, -ENOMEM. */
int twcc_create(struct twcc **ret_twcc);
void twcc_free(struct twcc *twcc);

/* The packet with transport-wide sequence number @seq arrived. */
void twcc_note(struct twcc *twcc, uint16_t seq, uint64_t arrival_mono_ns);

/* Whether something has arrived since the last report. */
bool twcc_pending(const struct twcc *twcc);

/* Append one feedback packet (section 3.1: PT 205, FMT 15) to @out of @size bytes, @len used: the new length,
 * 0 when there is no room for any. What did not fit stays pending. @ssrc: ours, @media_ssrc: of any stream of
 * the sender. */
size_t twcc_build(
        struct twcc *twcc, uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc);

#endif
