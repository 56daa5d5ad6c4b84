/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets and capture files made by hand, for the tests of replay. Header only: each test is one source file.
 */
#ifndef TESTS_UNIT_REPLAY_WIRE_H
#define TESTS_UNIT_REPLAY_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WIRE_IPV4_BYTES 28 /* IPv4 and UDP headers */
#define WIRE_IPV6_BYTES 48

static inline uint8_t *wire_be16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

/* 10.77.0.2:4000 → 10.77.0.1:@port, without a UDP checksum. Returns how many bytes. */
static inline unsigned wire_ipv4(uint8_t *at, uint16_t port, const void *payload, unsigned len)
{
	static const uint8_t addresses[] = { 10, 77, 0, 2, 10, 77, 0, 1 };
	uint32_t sum = 0;

	memset(at, 0, WIRE_IPV4_BYTES);
	at[0] = 0x45;
	wire_be16(at + 2, WIRE_IPV4_BYTES + len);
	at[8] = 64;
	at[9] = 17;
	memcpy(at + 12, addresses, sizeof(addresses));
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	sum = (sum & 0xFFFF) + (sum >> 16);
	wire_be16(at + 10, ~sum & 0xFFFF);
	wire_be16(wire_be16(wire_be16(at + 20, 4000), port), 8 + len);
	memcpy(at + WIRE_IPV4_BYTES, payload, len);
	return WIRE_IPV4_BYTES + len;
}

/* fd77::2 → [fd77::1]:@port */
static inline unsigned wire_ipv6(uint8_t *at, uint16_t port, const void *payload, unsigned len)
{
	memset(at, 0, WIRE_IPV6_BYTES);
	at[0] = 0x60;
	wire_be16(at + 4, 8 + len);
	at[6] = 17;
	at[8] = at[24] = 0xfd;
	at[9] = at[25] = 0x77;
	at[23] = 2;
	at[39] = 1;
	wire_be16(wire_be16(wire_be16(at + 40, 4000), port), 8 + len);
	memcpy(at + WIRE_IPV6_BYTES, payload, len);
	return WIRE_IPV6_BYTES + len;
}

/* Of the pcap file format, in this machine's byte order, times in nanoseconds. */
static inline void wire_pcap_begin(FILE *file, uint32_t link)
{
	const uint32_t magic = 0xa1b23c4d, rest[] = { 0, 0, 262144, link };
	const uint16_t version[] = { 2, 4 };

	fwrite(&magic, sizeof(magic), 1, file);
	fwrite(version, sizeof(version), 1, file);
	fwrite(rest, sizeof(rest), 1, file);
}

static inline void wire_pcap_add(
        FILE *file, uint64_t unix_ns, const uint8_t *bytes, uint32_t len, uint32_t wire_len)
{
	const uint32_t head[] = { (uint32_t)(unix_ns / 1000000000), (uint32_t)(unix_ns % 1000000000), len,
		wire_len };

	fwrite(head, sizeof(head), 1, file);
	fwrite(bytes, 1, len, file);
}

#endif
