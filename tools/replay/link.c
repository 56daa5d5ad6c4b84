/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet  dst 6 | src 6 | type 2 | …                                                       as it is, but
 * for dst SLL       packet type 2 | ARPHRD 2 | address length 2 | address 8 | type 2 | … SLL2      type 2 | 0
 * 2 | interface 4 | ARPHRD 2 | packet type 1 | address length 1 | address 8 | … raw IP    the version's
 * nibble says which loopback  address family 4, in the capturing host's byte order (NULL) or the network's
 * (LOOP) | …
 */
#include "tools/replay/link.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define TYPE_IPV4   0x0800
#define TYPE_IPV6   0x86DD
#define SLL_BYTES   16
#define SLL2_BYTES  20
#define FAMILY_IPV4 2

static const struct {
	int type;
	const char *name;
} rows[] = {
#define LINK_ROW(id, type, name) { type, name },
	LINK_TABLE(LINK_ROW)
};

/* Whoever sent it over a link without addresses. */
static const uint8_t sender_mac[LINK_MAC_BYTES] = { 2, 0, 0, 0, 0, 2 };

int link_find(int type, enum link_kind *ret_kind)
{
	for (unsigned i = 0; i < LINK_KINDS; i++) {
		if (rows[i].type == type) {
			*ret_kind = (enum link_kind)i;
			return 0;
		}
	}
	return -ENOENT;
}

const char *link_name(enum link_kind kind)
{
	return rows[kind].name;
}

const char *link_names(void)
{
#define LINK_NAME(id, type, name) ", " name
	return &(LINK_TABLE(LINK_NAME))[2];
}

static uint16_t read_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* The EtherType of IP by its version; 0: it is none. */
static uint16_t type_of_ip(const uint8_t *bytes, uint32_t len)
{
	if (len == 0)
		return 0;
	return bytes[0] >> 4 == 4 ? TYPE_IPV4 : bytes[0] >> 4 == 6 ? TYPE_IPV6 : 0;
}

/* AF_INET is 2 everywhere; AF_INET6 is 10 with Linux, 24, 28 or 30 with others. */
static uint16_t type_of_family(const uint8_t *bytes)
{
	uint32_t big = (uint32_t)read_be16(bytes) << 16 | read_be16(bytes + 2);
	uint32_t family = big <= 0xFFFF ? big : __builtin_bswap32(big);

	if (family == FAMILY_IPV4)
		return TYPE_IPV4;
	return family == 10 || family == 24 || family == 28 || family == 30 ? TYPE_IPV6 : 0;
}

/* What the link's own header says: how long it is, and the EtherType of what follows. */
static bool read_header(
        enum link_kind kind, const uint8_t *bytes, uint32_t len, uint32_t *ret_skip, uint16_t *ret_type)
{
	static const uint32_t skips[LINK_KINDS] = {
		[LINK_SLL] = SLL_BYTES, [LINK_SLL2] = SLL2_BYTES, [LINK_NULL] = 4, [LINK_LOOP] = 4
	};

	*ret_skip = skips[kind];
	if (len < *ret_skip)
		return false;
	if (kind == LINK_SLL)
		*ret_type = read_be16(bytes + SLL_BYTES - 2);
	else if (kind == LINK_SLL2)
		*ret_type = read_be16(bytes);
	else if (kind == LINK_NULL || kind == LINK_LOOP)
		*ret_type = type_of_family(bytes);
	else
		*ret_type = type_of_ip(bytes, len);
	return *ret_type != 0;
}

bool link_unwrap(enum link_kind kind, const uint8_t *bytes, uint32_t len, const uint8_t mac[LINK_MAC_BYTES],
        struct link_frame *ret_frame)
{
	uint32_t skip = LINK_HEADER_BYTES;
	uint16_t type;

	if (kind == LINK_ETHERNET) {
		if (len < skip)
			return false;
		memcpy(ret_frame->header, bytes, LINK_HEADER_BYTES);
		if (!(bytes[0] & 1))
			memcpy(ret_frame->header, mac, LINK_MAC_BYTES);
	} else {
		if (!read_header(kind, bytes, len, &skip, &type))
			return false;
		memcpy(ret_frame->header, mac, LINK_MAC_BYTES);
		memcpy(ret_frame->header + LINK_MAC_BYTES, sender_mac, LINK_MAC_BYTES);
		ret_frame->header[12] = (uint8_t)(type >> 8);
		ret_frame->header[13] = (uint8_t)type;
	}
	ret_frame->rest = bytes + skip;
	ret_frame->rest_len = len - skip;
	return true;
}
