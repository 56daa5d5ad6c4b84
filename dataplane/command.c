/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/command.h"

#include <errno.h>
#include "base/spsc.h"
#include "dataplane/demux.h"
#include "dataplane/endpoint.h"
#include "dataplane/endpoint_webrtc.h"
#include "dataplane/flow.h"
#include "dataplane/ice.h"
#include "dataplane/lcore.h"
#include "dataplane/punt.h"
#include "dataplane/stages.h"
#include "dataplane/webrtc.h"

#define COMMANDS_AT_ONCE 16 /* so that a flood of them does not keep packets waiting */

static void ask_key_frames(const struct endpoint *ep, uint32_t flows)
{
	for (unsigned i = 0; i < ep->flow_count; i++)
		if (flows & 1u << i)
			ep->flows[i]->key_frame_asked = true;
}

static bool is_webrtc(const struct command *command)
{
	return command->ufrags[0][0] != '\0';
}

static bool is_own(const struct lcore *lc, const struct command *command)
{
	if (is_webrtc(command))
		return endpoint_webrtc_is_own(lc, command->endpoint, command->ufrags);
	return endpoint_is_own(lc, command->endpoint, command->local, command->port);
}

static void point(struct lcore *lc, const struct command *command)
{
	if (is_webrtc(command))
		endpoint_webrtc_point(lc, command->ufrags, command->owner);
	else
		endpoint_point(lc, command->local, command->port, command->owner);
}

static void forget(struct lcore *lc, const struct command *command)
{
	if (is_webrtc(command))
		endpoint_webrtc_remove(lc, command->ufrags);
	else
		endpoint_remove(lc, command->local, command->port);
}

/* Nothing of it goes on any more, what was held for its keys neither. */
static void pause_endpoint(struct lcore *lc, struct endpoint *ep)
{
	ep->paused = true;
	if (ep->webrtc)
		lcore_release_held(lc, ep);
}

/* From here on its packets can be opened; those that were held go on. */
static void take_keys(struct lcore *lc, struct endpoint *ep, struct crypto *crypto)
{
	ep->webrtc->crypto = crypto;
	for (unsigned i = 0; i < ep->flow_count; i++)
		ep->flows[i]->crypto = crypto;
	lcore_release_held(lc, ep);
}

/* Commands about an endpoint that has moved on since come back with -EAGAIN, to be sent to its new owner.
 * False: the command has gone with its endpoint, whose new owner answers: it is not to be touched any more.
 */
static bool carry_out_own(struct lcore *lc, struct command *command)
{
	struct endpoint *ep = command->endpoint;

	if (!is_own(lc, command)) {
		command->status = -EAGAIN;
		return true;
	}
	switch (command->kind) {
	case COMMAND_PAUSE:
		pause_endpoint(lc, ep);
		return true;
	case COMMAND_KEYS:
		take_keys(lc, ep, command->crypto);
		return true;
	case COMMAND_KEY_FRAME:
		ask_key_frames(ep, command->flows);
		return true;
	case COMMAND_ICE:
		/* The oldest may lead to a former owner: ICE knows it no more. */
		if (command->ufrags[1][0])
			demux_put_ufrag(lc->demux, command->ufrags[1], 0);
		ice_restart(lc, ep, command->credentials);
		return true;
	case COMMAND_SEND:
		punt_carry_out(lc, ep, command->datagram);
		return true;
	default:
		if (endpoint_move(lc, ep, command->owner, command))
			return false;
		command->status = -EAGAIN;
		return true;
	}
}

static void carry_out(struct lcore *lc, struct command *command)
{
	command->status = 0;
	switch (command->kind) {
	case COMMAND_ADD:
		endpoint_install(lc, command->endpoint);
		break;
	case COMMAND_POINT:
		point(lc, command);
		break;
	case COMMAND_REMOVE:
		forget(lc, command);
		break;
	default:
		if (!carry_out_own(lc, command))
			return;
		break;
	}
	command_answer(lc, command);
}

void command_poll(struct lcore *lc)
{
	struct command *commands[COMMANDS_AT_ONCE];
	uint32_t n = spsc_take(lc->commands, (void **)commands, COMMANDS_AT_ONCE);

	for (uint32_t i = 0; i < n; i++)
		carry_out(lc, commands[i]);
}

void command_answer(struct lcore *lc, struct command *command)
{
	uint32_t put = spsc_put(lc->replies, (void *const *)&command, 1);

	/* The command thread never has more commands under way than half of the ring, and command_tell uses
	 * the other. */
	assert(put == 1);
	(void)put;
}

bool command_tell(struct lcore *lc, struct command *command)
{
	/* acquire: pairs with the command thread's release, it has read the last one */
	if (atomic_load_explicit(&command->told, memory_order_acquire))
		return false;
	if (spsc_count(lc->replies) >= (lc->replies->mask + 1) / 2)
		return false;
	atomic_store_explicit(&command->told, true, memory_order_relaxed);
	command_answer(lc, command);
	return true;
}
