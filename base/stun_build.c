/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as they are written: base/stun.h, in the form of base/stun_wire.h. */
#include "base/stun.h"

#include <string.h>
#include "base/cur.h"
#include "base/stun_wire.h"

void stun_begin(
        struct stun_build *build, uint8_t *data, size_t size, uint16_t type, const uint8_t id[STUN_ID_BYTES])
{
	*build = (struct stun_build){ .data = data, .size = size < UINT16_MAX ? size : UINT16_MAX };
	if (size < STUN_HEADER_BYTES) {
		build->overrun = true;
		return;
	}
	cur_put16(data, type);
	cur_put32(data + 4, STUN_COOKIE);
	memmove(data + 8, id, STUN_ID_BYTES);
	build->len = STUN_HEADER_BYTES;
	stun_wire_put_length(data, build->len);
}

/* Room for an attribute's value of @bytes, its padding zero; NULL when there is none. */
static uint8_t *put(struct stun_build *b, enum stun_attribute type, size_t bytes)
{
	size_t padded = (bytes + 3) & ~(size_t)3;
	uint8_t *at = b->data + b->len;

	if (b->overrun || b->size - b->len < STUN_ATTRIBUTE_BYTES + padded) {
		b->overrun = true;
		return NULL;
	}
	cur_put16(at, (uint16_t)type);
	cur_put16(at + 2, (uint16_t)bytes);
	memset(at + STUN_ATTRIBUTE_BYTES + bytes, 0, padded - bytes);
	b->len += STUN_ATTRIBUTE_BYTES + padded;
	stun_wire_put_length(b->data, b->len);
	return at + STUN_ATTRIBUTE_BYTES;
}

void stun_put_username(struct stun_build *build, const char *first, const char *second)
{
	size_t first_bytes = strlen(first), second_bytes = strlen(second);
	uint8_t *at = put(build, STUN_USERNAME, first_bytes + 1 + second_bytes);

	if (!at)
		return;
	memcpy(at, first, first_bytes);
	at[first_bytes] = ':';
	memcpy(at + first_bytes + 1, second, second_bytes);
}

void stun_put_xor_mapped(struct stun_build *build, const uint8_t *addr, bool is_v6, uint16_t port)
{
	unsigned bytes = is_v6 ? 16 : 4;
	uint8_t *at = put(build, STUN_XOR_MAPPED_ADDRESS, 4 + bytes);

	if (!at)
		return;
	at[0] = 0;
	at[1] = is_v6 ? STUN_FAMILY_IPV6 : STUN_FAMILY_IPV4;
	cur_put16(at + 2, (uint16_t)(port ^ STUN_COOKIE >> 16));
	/* Cookie and transaction id lie behind each other in the header. */
	for (unsigned i = 0; i < bytes; i++)
		at[4 + i] = addr[i] ^ build->data[4 + i];
}

void stun_put_error(struct stun_build *build, uint16_t code)
{
	uint8_t *at = put(build, STUN_ERROR_CODE, 4);

	if (at)
		cur_put32(at, (uint32_t)code / 100 << 8 | code % 100);
}

void stun_put_unknown(struct stun_build *build, const uint16_t *types, unsigned count)
{
	uint8_t *at = put(build, STUN_UNKNOWN_ATTRIBUTES, 2 * (size_t)count);

	for (unsigned i = 0; at && i < count; i++)
		cur_put16(at + 2 * i, types[i]);
}

void stun_put_priority(struct stun_build *build, uint32_t priority)
{
	uint8_t *at = put(build, STUN_PRIORITY, 4);

	if (at)
		cur_put32(at, priority);
}

void stun_put_controlling(struct stun_build *build, uint64_t tie_breaker)
{
	uint8_t *at = put(build, STUN_ICE_CONTROLLING, 8);

	if (at)
		cur_put64(at, tie_breaker);
}

void stun_put_use_candidate(struct stun_build *build)
{
	put(build, STUN_USE_CANDIDATE, 0);
}

/* What both check over has the length as if it ended with itself (sections 14.5, 14.7): put has seen to it.
 */
size_t stun_end(struct stun_build *build, stun_hmac_fn *hmac, void *arg)
{
	if (hmac) {
		uint8_t *mac = put(build, STUN_MESSAGE_INTEGRITY, STUN_MAC_BYTES);
		if (mac)
			hmac(arg, build->data, (size_t)(mac - STUN_ATTRIBUTE_BYTES - build->data), mac);
	}
	uint8_t *crc = put(build, STUN_FINGERPRINT, STUN_FINGERPRINT_BYTES);
	if (crc)
		cur_put32(crc,
		        stun_wire_crc32(build->data, (size_t)(crc - STUN_ATTRIBUTE_BYTES - build->data)) ^
		                STUN_FINGERPRINT_XOR);
	return build->overrun ? 0 : build->len;
}
