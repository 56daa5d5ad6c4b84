/* SPDX-License-Identifier: BSD-3-Clause */
/* STUN on the wire (RFC 8489), as far as ICE needs it (RFC 8445 section 7): binding requests in, responses
 * out, and the reverse for a sender. Keys are the caller's matter: HMAC-SHA1 is a function it gives. Hot-path
 * safe, any thread.
 *
 *    0                   1                   2                   3
 *   |0 0|  message type             |  length without this header   |
 *   |                    magic cookie 0x2112A442                    |
 *   |                 transaction id, 96 bits                       |
 *   | attribute type                | length       | value, padded to 4 …
 */
#ifndef BASE_STUN_H
#define BASE_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_HEADER_BYTES 20
#define STUN_MAC_BYTES    20
#define STUN_ID_BYTES     12

#define STUN_BINDING_REQUEST    0x0001
#define STUN_BINDING_INDICATION 0x0011
#define STUN_BINDING_SUCCESS    0x0101
#define STUN_BINDING_ERROR      0x0111

/* Sections 14.8 and 14.9 of RFC 8489, section 7.1 of RFC 8445. */
#define STUN_ERROR_BAD_REQUEST       400
#define STUN_ERROR_UNAUTHENTICATED   401
#define STUN_ERROR_UNKNOWN_ATTRIBUTE 420
#define STUN_ERROR_ROLE_CONFLICT     487

#define STUN_UNKNOWN_MAX 8

struct stun_message {
	uint16_t type;
	uint8_t id[STUN_ID_BYTES];
	const uint8_t *username; /* in the message; NULL: none */
	uint16_t username_bytes;
	const uint8_t *mac; /* MESSAGE-INTEGRITY's value; NULL: none. What follows it but FINGERPRINT is not
	                       looked at */
	uint16_t mac_at;    /* offset of the MESSAGE-INTEGRITY attribute */
	bool fingerprint;   /* there is one, and it is right */
	bool use_candidate, controlling, controlled;
	bool has_priority;
	uint32_t priority;
	uint64_t tie_breaker;
	bool has_mapped; /* XOR-MAPPED-ADDRESS, decoded */
	bool mapped_is_v6;
	uint8_t mapped_addr[16];
	uint16_t mapped_port;
	uint16_t error;         /* ERROR-CODE, 0: none */
	unsigned unknown_count; /* comprehension-required attributes that are not known, the first
	                           STUN_UNKNOWN_MAX kept */
	uint16_t unknown[STUN_UNKNOWN_MAX];
};

/* Parse a message: header, cookie, lengths that add up, at most LIMIT_STUN_ATTRIBUTES attributes, no
 * attribute behind FINGERPRINT, and a FINGERPRINT that is right if there is one (RFC 8489 section 14.7). 0 or
 * -EBADMSG. Pointers lead into
 * @data. */
int stun_parse(struct stun_message *ret_message, const uint8_t *data, size_t len);

/* The USERNAME of a binding request, with no more looked at than that takes: to find out whose it is before
 * it is parsed. 0; -EBADMSG; -ENOMSG: sound so far, but no binding request; -ENOENT: one without USERNAME.
 * The pointer leads into @data. */
int stun_peek(const uint8_t *data, size_t len, const uint8_t **ret_username, size_t *ret_bytes);

/* HMAC-SHA1 over @bytes to @ret_mac, with the key that is behind @arg. */
typedef void stun_hmac_fn(void *arg, const uint8_t *bytes, size_t len, uint8_t ret_mac[STUN_MAC_BYTES]);

/* Whether MESSAGE-INTEGRITY is right (RFC 8489 section 14.5): over the message up to it, with the header's
 * length as if it ended there. In constant time. @data is changed meanwhile and put back. */
bool stun_check_mac(const struct stun_message *message, uint8_t *data, stun_hmac_fn *hmac, void *arg);

/* The two halves of USERNAME "first:second" (RFC 8445 section 7.2.2): the receiver's ufrag, the sender's.
 * False when there is no colon. The pointers lead into the message. */
bool stun_username(const struct stun_message *message, const uint8_t **ret_first, size_t *ret_first_bytes,
        const uint8_t **ret_second, size_t *ret_second_bytes);

/* A message being written into @data of @size bytes. Once something did not fit, all that follows does
 * nothing. */
struct stun_build {
	uint8_t *data;
	size_t size, len;
	bool overrun;
};

void stun_begin(
        struct stun_build *build, uint8_t *data, size_t size, uint16_t type, const uint8_t id[STUN_ID_BYTES]);
void stun_put_username(struct stun_build *build, const char *first, const char *second);
void stun_put_xor_mapped(struct stun_build *build, const uint8_t *addr, bool is_v6, uint16_t port);
void stun_put_error(struct stun_build *build, uint16_t code);
void stun_put_unknown(struct stun_build *build, const uint16_t *types, unsigned count);
void stun_put_priority(struct stun_build *build, uint32_t priority);
void stun_put_controlling(struct stun_build *build, uint64_t tie_breaker);
void stun_put_use_candidate(struct stun_build *build);

/* MESSAGE-INTEGRITY if @hmac is not NULL, then FINGERPRINT. Returns the message's length, 0 when it did not
 * fit. */
size_t stun_end(struct stun_build *build, stun_hmac_fn *hmac, void *arg);

#endif
