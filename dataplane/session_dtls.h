/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS datagrams between the poll loops (dataplane/punt.h) and control: up as MSG_DTLS_IN, which are lost
 * when control does not read; down as COMMAND_SEND with a copy, of which a bounded number is under way. DTLS
 * sends again what got lost. A session is freed when none of its datagrams is under way either way. Command
 * thread only.
 */
#ifndef DATAPLANE_SESSION_DTLS_H
#define DATAPLANE_SESSION_DTLS_H

#include <stdbool.h>
#include "base/msg.h"

#define SESSION_DTLS_SENDS                                                                                   \
	64 /* of one session, on their way down: several flights to a peer whose MTU is small */
#define SESSION_DTLS_SENDS_ALL 8192 /* of all sessions */

struct command;
struct session;
struct session_table;
struct spsc;

/* Take all that the lcores passed on and send it to control. Returns how many there were. May free sessions.
 */
unsigned session_dtls_poll(struct session_table *table);

/* Give back what is still in @punts, which may be NULL: no lcore polls any more. */
void session_dtls_drain(struct spsc *punts);

/* Send a datagram of control's to the peer of @session. False: it is given up, as too much is under way, or
 * the session has no peer (any more). */
bool session_dtls_send(struct session *session, const struct msg_datagram *datagram);

/* COMMAND_SEND has come back. May free the session. */
void session_dtls_take_answer(struct session *session, struct command *command);

/* Free what was to be sent; no lcore polls any more. */
void session_dtls_forget(struct session *session);

#endif
