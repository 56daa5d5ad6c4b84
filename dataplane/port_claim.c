/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/port_claim.h"

#include "dataplane/endpoint.h"
#include "dataplane/neigh.h"

/* The addresses that @local stands for: from *ret_from up to but not *ret_to. */
static void locals_of(const struct session_table *table, unsigned local, unsigned *ret_from, unsigned *ret_to)
{
	*ret_from = local == ENDPOINT_ANY_LOCAL ? 0 : local;
	*ret_to = local == ENDPOINT_ANY_LOCAL ? table->cfg.host->addr_count : local + 1;
}

static struct session **port_slot(const struct session_table *table, unsigned local, unsigned port)
{
	return &table->ports[local * (table->last_port - table->first_port + 1u) + port - table->first_port];
}

struct session *port_claim_holder(const struct session_table *table, unsigned local, uint16_t port)
{
	unsigned from, to;

	locals_of(table, local, &from, &to);
	for (unsigned i = from; i < to; i++)
		for (unsigned j = 0; j < 2; j++)
			if (*port_slot(table, i, port + j))
				return *port_slot(table, i, port + j);
	return NULL;
}

static void set_ports(struct session *s, struct session *holder)
{
	unsigned from, to;

	locals_of(s->table, s->local, &from, &to);
	for (unsigned i = from; i < to; i++)
		for (unsigned j = 0; j < 2; j++)
			*port_slot(s->table, i, s->open.port + j) = holder;
}

void port_claim_take(struct session *s)
{
	set_ports(s, s);
	s->has_ports = true;
}

void port_claim_drop(struct session *s)
{
	if (s->has_ports)
		set_ports(s, NULL);
	s->has_ports = false;
}
