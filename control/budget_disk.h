/* SPDX-License-Identifier: BSD-3-Clause */
/* What the disk of the recordings takes, learned from what happens to it: nobody knows before it has been
 * asked for more than it can. It does not keep up when for some seconds on end more waits than it writes in
 * two. If it wrote at least as much meanwhile as before, what it wrote most is what it can do: then it is
 * trusted with a little more each second, and with all again after some minutes. If it wrote less it was a
 * pause and no bound, and nothing is known when it is over. Pure; one thread. */
#ifndef CONTROL_BUDGET_DISK_H
#define CONTROL_BUDGET_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_DISK_WAIT_S     2    /* what waits takes so long to be written */
#define BUDGET_DISK_STRAINED_S 3    /* for so long, and it does not keep up */
#define BUDGET_DISK_CALM_S     5    /* so long not, and it does again */
#define BUDGET_DISK_KNOWN_S    300  /* that what it can do is remembered */
#define BUDGET_DISK_TRUST      0.01 /* more, each second in which nothing waits */

/* All zeros: nothing is known. */
struct budget_disk {
	bool strained;
	unsigned waiting_s, calm_s; /* seconds on end that more waited, and did not */
	double written_bytes_s;     /* smoothed */
	double before_bytes_s;      /* as it was when more began to wait */
	double behind_bytes_s;      /* most in a second since, of those in which more waited */
	double most_bytes_s;        /* what it can do, 0: not known */
	double queued_bytes;
};

/* A second passed in which @written bytes were written; @queued wait at its end. */
void budget_disk_second(struct budget_disk *disk, double written, double queued);

#endif
