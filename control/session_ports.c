/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_ports.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_taken(const struct session_ports *ports, uint32_t pair)
{
	return ports->taken[pair / 64] >> (pair % 64) & 1;
}

static void mark(struct session_ports *ports, uint32_t pair)
{
	ports->taken[pair / 64] |= 1ull << (pair % 64);
}

void session_ports_init(struct session_ports *ports, uint16_t first, uint16_t last, uint16_t reserved)
{
	memset(ports, 0, sizeof(*ports));
	ports->first = (first + 1u) / 2;
	ports->last = (last + 1u) / 2; /* not included: its odd half must be within the range too */
	ports->next = ports->first;
	if (reserved)
		mark(ports, reserved / 2);
}

static int take_any(struct session_ports *ports, uint32_t *ret_pair)
{
	uint32_t count = ports->last > ports->first ? ports->last - ports->first : 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t pair = ports->first + (ports->next - ports->first + i) % count;

		if (!is_taken(ports, pair)) {
			ports->next = pair + 1;
			*ret_pair = pair;
			return 0;
		}
	}
	return -ENOSPC;
}

int session_ports_take(struct session_ports *ports, uint16_t wished, uint16_t *ret_port)
{
	uint32_t pair = wished / 2;
	int r = 0;

	if (!wished)
		r = take_any(ports, &pair);
	else if (wished % 2 || pair < ports->first || pair >= ports->last)
		r = -ERANGE;
	else if (is_taken(ports, pair))
		r = -EADDRINUSE;
	if (r)
		return r;
	mark(ports, pair);
	*ret_port = (uint16_t)(pair * 2);
	return 0;
}

void session_ports_adopt(struct session_ports *ports, uint16_t port)
{
	mark(ports, port / 2);
}

void session_ports_release(struct session_ports *ports, uint16_t port)
{
	ports->taken[port / 2 / 64] &= ~(1ull << (port / 2 % 64));
}
