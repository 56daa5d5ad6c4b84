/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemons logged, newest last, as `journalctl --output=json` prints it: an object a line
 * (systemd.journal-fields(7)). A ring: the oldest go. One thread. */
#ifndef APPLIANCE_TOP_LOGBOOK_H
#define APPLIANCE_TOP_LOGBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGBOOK_ROWS       500
#define LOGBOOK_TEXT_BYTES 512
#define LOGBOOK_LINE_BYTES (64 << 10) /* of one that is taken; what is longer is left out */

struct logbook_row {
	uint64_t unix_ns;  /* 0: not told */
	unsigned priority; /* of syslog(3): 0 the worst, 7 debug */
	char unit[32];     /* "control", without what all units' names have */
	char text[LOGBOOK_TEXT_BYTES];
};

struct logbook {
	struct logbook_row rows[LOGBOOK_ROWS];
	unsigned count, next;          /* next: where the next one goes */
	unsigned added;                /* ever, modulo 2^32 */
	unsigned left_out;             /* lines that were too long */
	char said[LOGBOOK_TEXT_BYTES]; /* the last line that was no object: what journalctl has to say; "" */
	char *line;                    /* that is not whole yet; owned */
	size_t len;                    /* of it; more than LOGBOOK_LINE_BYTES: it is left out */
};

/* Frees what it holds, and is empty again. */
void logbook_reset(struct logbook *book);

/* Take what came, in pieces of any size; without memory it is lost. Returns how many rows came of it. */
unsigned logbook_push(struct logbook *book, const char *data, size_t len);

/* The @back-th row before the newest, 0 the newest itself; NULL beyond the oldest. */
const struct logbook_row *logbook_get(const struct logbook *book, unsigned back);

#endif
