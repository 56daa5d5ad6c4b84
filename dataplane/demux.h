/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a datagram is that came to the one port of all WebRTC sessions: by the ICE username fragment that a
 * STUN request names, by where it came from for everything else (RFC 8445 section 7.3, RFC 7983), and by its
 * SSRC where that is of no help (dataplane/stray.h).
 *
 * One table an lcore, as in dataplane/endpoint.h: a slot holds an endpoint of this lcore's own, or which
 * lcore has it. All lcores know all ufrags, as the command thread tells them. Where a path leads knows the
 * lcore that owns it, from checked STUN; another lcore learns it as a hint when it passes that path's STUN
 * requests on: hints are few, overwrite each other, and are never trusted for more than where to pass a
 * packet on to.
 *
 * Ufrags, paths and SSRCs lie in one table of open addresses, which is probed from where a keyed hash says:
 * whoever chooses addresses cannot make them collide. It is at most half full; what is taken out leaves no
 * mark.
 *
 *   slot | 0: nobody's | pointer: ours | lcore << 1 | 1: that lcore's
 */
#ifndef DATAPLANE_DEMUX_H
#define DATAPLANE_DEMUX_H

#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"

struct demux;
struct peer;

/* Room for @sessions with DEMUX_UFRAGS ufrags each, all lcores', and DEMUX_PATHS paths and DEMUX_SSRCS SSRCs
 * on average, this one's. 0 or -ENOMEM. Command thread. */
#define DEMUX_UFRAGS 2 /* an ICE restart has two at a time */
#define DEMUX_PATHS  4
#define DEMUX_SSRCS  4
int demux_create(struct demux **ret_demux, unsigned sessions);
void demux_free(struct demux *demux);

/* The slot of a ufrag of ours (MSG_UFRAG_BYTES bytes); 0 when unknown. */
uintptr_t demux_ufrag(const struct demux *demux, const char *ufrag);

/* Set it; @slot 0 forgets it. 0; -ENOSPC: the table, sized for all sessions, is full. */
int demux_put_ufrag(struct demux *demux, const char *ufrag, uintptr_t slot);

/* The slot of a path: from @peer (address and port) to our address @local. If it has none, what was hinted;
 * 0: unknown. */
uintptr_t demux_path(const struct demux *demux, const struct peer *peer, unsigned local);

/* Set it, as demux_put_ufrag. */
int demux_put_path(struct demux *demux, const struct peer *peer, unsigned local, uintptr_t slot);

/* The slot of an SSRC, always an endpoint of this lcore's own; 0: unknown. Set it, as demux_put_ufrag. */
uintptr_t demux_ssrc(const struct demux *demux, uint32_t ssrc);
int demux_put_ssrc(struct demux *demux, uint32_t ssrc, uintptr_t slot);

/* STUN of that path was passed on to @owner: what else comes on it goes there too, if nothing better is
 * known. */
void demux_hint(struct demux *demux, const struct peer *peer, unsigned local, unsigned owner);

#endif
