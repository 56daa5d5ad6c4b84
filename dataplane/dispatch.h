/* SPDX-License-Identifier: BSD-3-Clause */
/* The command thread's end of dataplane/command.h: sends commands, keeps back what does not fit, takes the
 * answers. */
#ifndef DATAPLANE_DISPATCH_H
#define DATAPLANE_DISPATCH_H

#include "dataplane/command.h"

struct dispatch;

/* Commands for @count lcores, whose rings are there. 0, -ENOMEM. */
int dispatch_create(struct dispatch **ret_dispatch, struct lcore *lcores, unsigned count);
void dispatch_free(struct dispatch *dispatch);

/* Send @command to @lcore, now or as soon as there is room. It must stay until it comes back. */
void dispatch_send(struct dispatch *dispatch, unsigned lcore, struct command *command);

/* Hand all that has come back, and all that lcores tell, to @take; send what was kept back. What was told may
 * be told anew when @take has returned. Returns how many there were. */
unsigned dispatch_poll(
        struct dispatch *dispatch, void (*take)(void *arg, struct command *command), void *arg);

/* How many commands are under way or kept back. */
unsigned dispatch_pending(const struct dispatch *dispatch);

#endif
