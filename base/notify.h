/* SPDX-License-Identifier: BSD-3-Clause */
/* What the daemons tell the service manager that started them, by the protocol of sd_notify(3): a datagram to
 * the Unix socket that the environment's NOTIFY_SOCKET names. Without that variable nobody wants to know, and
 * all of this does nothing. Any thread but the poll loops; never blocks. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>

/* We serve. */
void notify_ready(void);

/* We have begun to end. */
void notify_stopping(void);

/* We are well: what has to be told more often than the watchdog's time. */
void notify_alive(void);

/* How often to call notify_alive, ns: a third of the watchdog's time (WATCHDOG_USEC), so that one that comes
 * late does no harm; 0: no watchdog looks at this process. */
uint64_t notify_alive_every_ns(void);

#endif
