/* SPDX-License-Identifier: BSD-3-Clause */
/* A datagram as a STUN message: what is found lies within it, looking at its integrity leaves it as it was,
 * and an answer made of it is read again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No HMAC, but it reads every byte. */
static void sum(void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES])
{
	memset(ret_mac, 0, STUN_MAC_BYTES);
	for (size_t i = 0; i < len; i++)
		ret_mac[i % STUN_MAC_BYTES] ^= bytes[i];
}

static void answer(const struct stun_message *m)
{
	uint8_t out[128];
	struct stun_message again;
	struct stun_build build;
	unsigned unknown = m->unknown_count < STUN_UNKNOWN_MAX ? m->unknown_count : STUN_UNKNOWN_MAX;
	size_t len;

	stun_begin(&build, out, sizeof(out), STUN_BINDING_ERROR, m->id);
	stun_put_error(&build, STUN_ERROR_UNKNOWN_ATTRIBUTE);
	stun_put_unknown(&build, m->unknown, unknown);
	if (m->has_mapped)
		stun_put_xor_mapped(&build, m->mapped_addr, m->mapped_is_v6, m->mapped_port);
	len = stun_end(&build, sum, NULL);
	assert(len && stun_parse(&again, out, len) == 0);
	assert(again.fingerprint && stun_check_mac(&again, out, sum, NULL));
	assert(again.has_mapped == m->has_mapped && again.mapped_port == m->mapped_port);
	assert(memcmp(again.mapped_addr, m->mapped_addr, sizeof(m->mapped_addr)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *first, *second, *peeked;
	size_t first_bytes, second_bytes, peeked_bytes;
	struct stun_message m;
	int peek = stun_peek(data, size, &peeked, &peeked_bytes);

	if (peek == 0)
		assert(peeked >= data + STUN_HEADER_BYTES && peeked + peeked_bytes <= data + size);
	if (stun_parse(&m, data, size) < 0)
		return 0;
	assert((peek == 0) >= (m.type == STUN_BINDING_REQUEST && m.username));
	assert(!m.username || m.username + m.username_bytes <= data + size);
	if (stun_username(&m, &first, &first_bytes, &second, &second_bytes))
		assert(first_bytes + 1 + second_bytes == m.username_bytes &&
		        second + second_bytes <= data + size);
	if (m.mac) {
		uint8_t *copy = malloc(size);
		memcpy(copy, data, size);
		assert(m.mac + STUN_MAC_BYTES <= data + size && m.mac_at + 4u == m.mac - data);
		stun_check_mac(&m, copy, sum, NULL);
		assert(memcmp(copy, data, size) == 0);
		free(copy);
	}
	answer(&m);
	return 0;
}
