/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include "base/limits.h"
#include "base/spsc.h"
#include "dataplane/lcore.h"

#define TAKE_AT_ONCE 64

struct backlog {
	struct command *first, **last;
};

struct dispatch {
	struct lcore *lcores;
	unsigned count;
	unsigned under_way, kept;
	unsigned most_under_way; /* half of the smallest ring of replies, as dataplane/command.h says */
	struct backlog backlog[LIMIT_LCORES];
};

int dispatch_create(struct dispatch **ret_dispatch, struct lcore *lcores, unsigned count)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->lcores = lcores;
	d->count = count;
	d->most_under_way = UINT32_MAX;
	for (unsigned i = 0; i < count; i++) {
		unsigned half = (lcores[i].replies->mask + 1) / 2;
		d->most_under_way = half < d->most_under_way ? half : d->most_under_way;
		d->backlog[i].last = &d->backlog[i].first;
	}
	*ret_dispatch = d;
	return 0;
}

void dispatch_free(struct dispatch *dispatch)
{
	free(dispatch);
}

static bool put(struct dispatch *d, unsigned lcore, struct command *command)
{
	/* An answer may come from any lcore: all commands together are counted. */
	if (d->under_way >= d->most_under_way)
		return false;
	if (spsc_put(d->lcores[lcore].commands, (void *const *)&command, 1) == 0)
		return false;
	d->under_way++;
	return true;
}

void dispatch_send(struct dispatch *d, unsigned lcore, struct command *command)
{
	struct backlog *b = &d->backlog[lcore];

	if (!b->first && put(d, lcore, command))
		return;
	command->next = NULL;
	*b->last = command;
	b->last = &command->next;
	d->kept++;
}

static void send_kept(struct dispatch *d, unsigned lcore)
{
	struct backlog *b = &d->backlog[lcore];

	while (b->first) {
		struct command *next = b->first->next;
		if (!put(d, lcore, b->first))
			return;
		d->kept--;
		b->first = next;
		if (!next)
			b->last = &b->first;
	}
}

static bool is_told(const struct command *command)
{
	return command->kind == COMMAND_BYE || command->kind == COMMAND_NEWS ||
	       command->kind == COMMAND_ASTRAY;
}

static unsigned take_from(
        struct dispatch *d, unsigned lcore, void (*take)(void *arg, struct command *command), void *arg)
{
	struct command *commands[TAKE_AT_ONCE];
	uint32_t n = spsc_take(d->lcores[lcore].replies, (void **)commands, TAKE_AT_ONCE);

	for (uint32_t i = 0; i < n; i++) {
		bool told = is_told(commands[i]);
		if (!told)
			d->under_way--;
		take(arg, commands[i]);
		/* release: pairs with the acquire in command_tell. What was told lies in an endpoint, which
		 * stays until every lcore has answered that it forgot it. */
		if (told)
			atomic_store_explicit(&commands[i]->told, false, memory_order_release);
	}
	return n;
}

unsigned dispatch_poll(struct dispatch *d, void (*take)(void *arg, struct command *command), void *arg)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < d->count; i++)
		taken += take_from(d, i, take, arg);
	for (unsigned i = 0; i < d->count && d->kept; i++)
		send_kept(d, i);
	return taken;
}

unsigned dispatch_pending(const struct dispatch *d)
{
	return d->under_way + d->kept;
}
