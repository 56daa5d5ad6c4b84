/* SPDX-License-Identifier: BSD-3-Clause */
/* What reading STUN (stun.c) and writing it (stun_build.c) share. Attributes (RFC 8489 section 14, RFC 8445
 * section 16.1) that are looked at:
 *
 *   USERNAME | text           XOR-MAPPED-ADDRESS | 0, family, port ^ cookie, address ^ (cookie, id)
 *   MESSAGE-INTEGRITY | 20    ERROR-CODE | 0, 0, class, number, text
 *   FINGERPRINT | CRC-32      PRIORITY | 4    USE-CANDIDATE | -    ICE-CONTROLLED, -CONTROLLING | 8
 */
#ifndef BASE_STUN_WIRE_H
#define BASE_STUN_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include "base/cur.h"
#include "base/stun.h"

#define STUN_COOKIE            0x2112A442u
#define STUN_FINGERPRINT_XOR   0x5354554Eu
#define STUN_FINGERPRINT_BYTES 4
#define STUN_ATTRIBUTE_BYTES   4      /* type and length */
#define STUN_REQUIRED          0x8000 /* types below it are not to be passed over */
#define STUN_FAMILY_IPV4       1
#define STUN_FAMILY_IPV6       2

enum stun_attribute {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000A,
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_MESSAGE_INTEGRITY_SHA256 = 0x001C,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_PRIORITY = 0x0024,
	STUN_USE_CANDIDATE = 0x0025,
	STUN_FINGERPRINT = 0x8028,
	STUN_ICE_CONTROLLED = 0x8029,
	STUN_ICE_CONTROLLING = 0x802A,
};

/* CRC-32 of ISO 3309, four bits at a time. */
static inline uint32_t stun_wire_crc32(const uint8_t *data, size_t len)
{
	static const uint32_t steps[16] = { 0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190,
		0x6B6B51F4, 0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
		0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C };
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		crc = crc >> 4 ^ steps[crc & 15];
		crc = crc >> 4 ^ steps[crc & 15];
	}
	return ~crc;
}

/* The header of the message @data says that it has @len bytes in all. */
static inline void stun_wire_put_length(uint8_t *data, size_t len)
{
	cur_put16(data + 2, (uint16_t)(len - STUN_HEADER_BYTES));
}

#endif
