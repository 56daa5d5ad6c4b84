/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/stun.h"

#include <errno.h>
#include <string.h>
#include "base/cur.h"
#include "base/limits.h"
#include "base/stun_wire.h"

/* One attribute, as it lies in a message. */
struct found {
	uint16_t type, len;
	const uint8_t *value;
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A cursor over the attributes of a message whose header is sound; its type to @ret_type. 0 or -EBADMSG. */
static int open_message(struct cur *ret_cur, uint16_t *ret_type, const uint8_t *data, size_t len)
{
	struct cur c = cur_of(data, len);
	uint16_t type = cur_u16(&c), bytes = cur_u16(&c);
	uint32_t cookie = cur_u32(&c);

	cur_bytes(&c, STUN_ID_BYTES);
	if (c.overrun || type >> 14 || cookie != STUN_COOKIE || bytes % 4 || bytes != cur_left(&c))
		return -EBADMSG;
	*ret_type = type;
	*ret_cur = c;
	return 0;
}

/* The next attribute; false when there is none, or it does not fit: then c->overrun. */
static bool next_attribute(struct cur *c, struct found *ret_found)
{
	struct found f;

	if (!cur_left(c))
		return false;
	f.type = cur_u16(c);
	f.len = cur_u16(c);
	f.value = cur_bytes(c, (f.len + 3u) & ~3u);
	*ret_found = f;
	return !c->overrun;
}

int stun_peek(const uint8_t *data, size_t len, const uint8_t **ret_username, size_t *ret_bytes)
{
	struct found f;
	struct cur c;
	uint16_t type;

	if (open_message(&c, &type, data, len) < 0)
		return -EBADMSG;
	if (type != STUN_BINDING_REQUEST)
		return -ENOMSG;
	for (unsigned i = 0; i < LIMIT_STUN_ATTRIBUTES && next_attribute(&c, &f); i++) {
		if (f.type != STUN_USERNAME)
			continue;
		*ret_username = f.value;
		*ret_bytes = f.len;
		return 0;
	}
	return c.overrun ? -EBADMSG : -ENOENT;
}

static bool take_mapped(struct stun_message *m, const struct found *f)
{
	uint8_t mask[16];
	unsigned bytes = f->len == 8 ? 4 : 16;

	if ((f->len != 8 && f->len != 20) ||
	        f->value[1] != (bytes == 4 ? STUN_FAMILY_IPV4 : STUN_FAMILY_IPV6))
		return false;
	cur_put32(mask, STUN_COOKIE);
	memcpy(mask + 4, m->id, STUN_ID_BYTES);
	m->has_mapped = true;
	m->mapped_is_v6 = bytes == 16;
	m->mapped_port = (uint16_t)(((f->value[2] ^ mask[0]) << 8) | (f->value[3] ^ mask[1]));
	for (unsigned i = 0; i < bytes; i++)
		m->mapped_addr[i] = f->value[4 + i] ^ mask[i];
	return true;
}

static bool take_error(struct stun_message *m, const struct found *f)
{
	if (f->len < 4 || (f->value[2] & 7) < 3 || (f->value[2] & 7) > 6 || f->value[3] > 99)
		return false;
	m->error = (uint16_t)((f->value[2] & 7) * 100 + f->value[3]);
	return true;
}

static bool take_role(struct stun_message *m, const struct found *f, bool *ret_role)
{
	if (f->len != 8)
		return false;
	*ret_role = true;
	m->tie_breaker = (uint64_t)get32(f->value) << 32 | get32(f->value + 4);
	return true;
}

static void take_unknown(struct stun_message *m, uint16_t type)
{
	if (type >= STUN_REQUIRED)
		return;
	if (m->unknown_count < STUN_UNKNOWN_MAX)
		m->unknown[m->unknown_count] = type;
	m->unknown_count++;
}

/* One attribute in front of MESSAGE-INTEGRITY; the first of its type counts. False: it is not sound. */
static bool take(struct stun_message *m, const struct found *f)
{
	switch (f->type) {
	case STUN_USERNAME:
		if (!m->username) {
			m->username = f->value;
			m->username_bytes = f->len;
		}
		return true;
	case STUN_XOR_MAPPED_ADDRESS:
		return m->has_mapped || take_mapped(m, f);
	case STUN_ERROR_CODE:
		return m->error || take_error(m, f);
	case STUN_PRIORITY:
		if (f->len != 4)
			return false;
		m->priority = m->has_priority ? m->priority : get32(f->value);
		m->has_priority = true;
		return true;
	case STUN_USE_CANDIDATE:
		m->use_candidate = true;
		return f->len == 0;
	case STUN_ICE_CONTROLLED:
		return take_role(m, f, &m->controlled);
	case STUN_ICE_CONTROLLING:
		return take_role(m, f, &m->controlling);
	case STUN_MAPPED_ADDRESS:
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_REALM:
	case STUN_NONCE:
	case STUN_MESSAGE_INTEGRITY_SHA256:
		return true;
	default:
		take_unknown(m, f->type);
		return true;
	}
}

/* Section 14.7: the last attribute, over all that is in front of it. */
static bool take_fingerprint(
        struct stun_message *m, const struct found *f, const uint8_t *data, const struct cur *behind)
{
	const uint8_t *attribute = f->value - STUN_ATTRIBUTE_BYTES;

	if (f->len != STUN_FINGERPRINT_BYTES || cur_left(behind))
		return false;
	m->fingerprint =
	        get32(f->value) == (stun_wire_crc32(data, (size_t)(attribute - data)) ^ STUN_FINGERPRINT_XOR);
	return m->fingerprint;
}

int stun_parse(struct stun_message *ret_message, const uint8_t *data, size_t len)
{
	struct stun_message m = { 0 };
	unsigned count = 0;
	struct found f;
	struct cur c;

	if (open_message(&c, &m.type, data, len) < 0)
		return -EBADMSG;
	memcpy(m.id, data + STUN_HEADER_BYTES - STUN_ID_BYTES, STUN_ID_BYTES);
	while (next_attribute(&c, &f)) {
		bool sound = true;
		if (++count > LIMIT_STUN_ATTRIBUTES)
			return -EBADMSG;
		if (f.type == STUN_FINGERPRINT) {
			sound = take_fingerprint(&m, &f, data, &c);
		} else if (m.mac) {
			continue; /* section 14.5: nobody vouches for it */
		} else if (f.type == STUN_MESSAGE_INTEGRITY) {
			sound = f.len == STUN_MAC_BYTES;
			m.mac = f.value;
			m.mac_at = (uint16_t)(f.value - STUN_ATTRIBUTE_BYTES - data);
		} else {
			sound = take(&m, &f);
		}
		if (!sound)
			return -EBADMSG;
	}
	if (c.overrun)
		return -EBADMSG;
	*ret_message = m;
	return 0;
}

bool stun_check_mac(const struct stun_message *message, uint8_t *data, stun_hmac_fn *hmac, void *arg)
{
	uint8_t mac[STUN_MAC_BYTES], length[2] = { data[2], data[3] };
	unsigned differ = 0;

	if (!message->mac)
		return false;
	stun_wire_put_length(data, message->mac_at + (size_t)STUN_ATTRIBUTE_BYTES + STUN_MAC_BYTES);
	hmac(arg, data, message->mac_at, mac);
	memcpy(data + 2, length, sizeof(length));
	for (unsigned i = 0; i < STUN_MAC_BYTES; i++)
		differ |= (unsigned)(mac[i] ^ message->mac[i]);
	__asm__("" : "+r"(differ)); /* not before the last byte */
	return differ == 0;
}

bool stun_username(const struct stun_message *message, const uint8_t **ret_first, size_t *ret_first_bytes,
        const uint8_t **ret_second, size_t *ret_second_bytes)
{
	const uint8_t *name = message->username;
	const uint8_t *colon = name ? memchr(name, ':', message->username_bytes) : NULL;

	if (!colon)
		return false;
	*ret_first = name;
	*ret_first_bytes = (size_t)(colon - name);
	*ret_second = colon + 1;
	*ret_second_bytes = (size_t)(name + message->username_bytes - colon - 1);
	return true;
}
