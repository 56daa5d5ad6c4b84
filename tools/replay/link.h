/* SPDX-License-Identifier: BSD-3-Clause */
/* From the links that captures are made on to the Ethernet that the dataplane takes: the header of another
 * link is taken off, one of Ethernet put in its place. Link types as https://www.tcpdump.org/linktypes.html
 * has them. Pure. Any thread. */
#ifndef REPLAY_LINK_H
#define REPLAY_LINK_H

#include <stdbool.h>
#include <stdint.h>

#define LINK_HEADER_BYTES 14 /* of Ethernet */
#define LINK_MAC_BYTES    6

/* LINK(ID, libpcap's number, name) */
#define LINK_TABLE(LINK)                                                                                     \
	LINK(ETHERNET, 1, "Ethernet")                                                                        \
	LINK(SLL, 113, "Linux cooked (tcpdump -i any)")                                                      \
	LINK(SLL2, 276, "Linux cooked, version 2")                                                           \
	LINK(RAW, 12, "raw IP")                                                                              \
	LINK(IPV4, 228, "raw IPv4")                                                                          \
	LINK(IPV6, 229, "raw IPv6")                                                                          \
	LINK(NULL, 0, "BSD loopback")                                                                        \
	LINK(LOOP, 108, "OpenBSD loopback")

#define LINK_ENUM(id, ...) LINK_##id,
enum link_kind { LINK_TABLE(LINK_ENUM) LINK_KINDS };

/* A packet as an Ethernet frame: the header, and the rest where it was. */
struct link_frame {
	uint8_t header[LINK_HEADER_BYTES];
	const uint8_t *rest; /* of the packet's bytes */
	uint32_t rest_len;
};

/* The kind with libpcap's number @type. 0 or -ENOENT. */
int link_find(int type, enum link_kind *ret_kind);
const char *link_name(enum link_kind kind);
/* All names, for sentences. */
const char *link_names(void);

/* Make a frame of the @len bytes of a packet, sent to @mac unless it was to a group. False: shorter than the
 * link's header, or of no family that IP has on it. */
bool link_unwrap(enum link_kind kind, const uint8_t *bytes, uint32_t len, const uint8_t mac[LINK_MAC_BYTES],
        struct link_frame *ret_frame);

#endif
