/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams for the stages under a fuzzer: each in the input behind a byte that says how it comes, and its
 * length in two bytes. Header only: each target is one source file. */
#ifndef TESTS_FUZZ_DATAPLANE_DATAGRAM_RIG_H
#define TESTS_FUZZ_DATAPLANE_DATAGRAM_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include "dataplane/stages.h"
#include "writers/track.h"

#define DATAGRAM_BYTES 1472

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The writers ask for nothing. */
uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return 0;
}

/* DPDK without huge pages and devices, for a process that needs @room bytes behind a buffer's head. */
static struct rte_mempool *datagram_pool(const char *name, uint16_t room)
{
	static const char *eal[] = { "fuzz", "--no-huge", "--no-pci", "-m", "64", "--no-shconf",
		"--no-telemetry", "--log-level=error", "--lcores=0@0", NULL };
	static bool begun;
	struct rte_mempool *pool;

	if (!begun && rte_eal_init((int)RTE_DIM(eal) - 1, (char **)(uintptr_t)eal) < 0)
		abort();
	begun = true;
	pool = rte_pktmbuf_pool_create(
	        name, 255, 0, META_BYTES, (uint16_t)(room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
	if (!pool)
		abort();
	return pool;
}

/* The next one's length, with what is left of the input behind it; false: there is none. */
static bool datagram_next(
        const uint8_t **data, size_t *size, uint8_t *ret_how, const uint8_t **ret_bytes, uint16_t *ret_len)
{
	const uint8_t *at = *data;
	size_t left = *size, len;

	if (left <= 3)
		return false;
	len = (size_t)(at[1] << 8 | at[2]) % (DATAGRAM_BYTES + 1);
	len = len < left - 3 ? len : left - 3;
	*ret_how = at[0];
	*ret_bytes = at + 3;
	*ret_len = (uint16_t)len;
	*data = at + 3 + len;
	*size = left - 3 - len;
	return true;
}

/* A packet of @len bytes at @bytes: heap memory of the caller, so that a read past its end is seen. There is
 * no room for headers in front of them. */
static struct rte_mbuf *datagram_of(struct rte_mempool *pool, uint8_t *bytes, uint16_t len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct meta *m;

	if (!mbuf)
		abort();
	m = meta_of(mbuf);
	memset(m, 0, sizeof(*m));
	mbuf->buf_addr = bytes;
	mbuf->data_off = 0;
	m->data_len = mbuf->data_len = len;
	mbuf->pkt_len = len;
	return mbuf;
}

#endif
