/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   key of a ufrag  | its 8 bytes | 0         | UFRAG
 *   key of a path   | address, 16             | PATH, IP version, our address, port
 *   key of an SSRC  | 0           | 0         | SSRC, the number
 */
#include "dataplane/demux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/id.h"
#include "dataplane/meta.h"

#define UFRAG 1
#define PATH  2
#define SSRC  3
#define WAYS  4 /* places of a hint, the latest in the first */

enum kind { KIND_UFRAG, KIND_PATH, KIND_SSRC, KINDS };

struct key {
	uint64_t words[3];
};

struct entry {
	struct key key;
	uintptr_t slot; /* 0: free */
};

struct demux {
	/* read-mostly */
	uint64_t seed[3];
	uint32_t mask, hint_mask;
	unsigned max[KINDS]; /* none takes another's room */
	struct entry *hints;
	/* written by commands, and when paths come and go */
	unsigned count[KINDS];
	struct entry entries[];
};

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 64;

	while (n < least)
		n *= 2;
	return n;
}

int demux_create(struct demux **ret_demux, unsigned sessions)
{
	uint32_t size = power_of_two(2 * sessions * (DEMUX_UFRAGS + DEMUX_PATHS + DEMUX_SSRCS));
	uint32_t hints = power_of_two(2 * sessions);
	struct demux *d = calloc(1, sizeof(*d) + size * sizeof(d->entries[0]));

	if (d)
		d->hints = calloc(hints, sizeof(d->hints[0]));
	if (!d || !d->hints) {
		demux_free(d);
		return -ENOMEM;
	}
	id_random(d->seed, sizeof(d->seed));
	d->mask = size - 1;
	d->hint_mask = hints - WAYS; /* the first of its places */
	d->max[KIND_UFRAG] = sessions * DEMUX_UFRAGS;
	d->max[KIND_PATH] = sessions * DEMUX_PATHS;
	d->max[KIND_SSRC] = sessions * DEMUX_SSRCS;
	*ret_demux = d;
	return 0;
}

void demux_free(struct demux *demux)
{
	if (demux)
		free(demux->hints);
	free(demux);
}

static struct key key_of_ufrag(const char *ufrag)
{
	struct key key = { { 0, 0, UFRAG } };

	static_assert(MSG_UFRAG_BYTES == sizeof(key.words[0]), "a ufrag is a word");
	memcpy(key.words, ufrag, MSG_UFRAG_BYTES);
	return key;
}

static struct key key_of_path(const struct peer *peer, unsigned local)
{
	struct key key;

	static_assert(sizeof(peer->addr) == 2 * sizeof(key.words[0]), "an address is two words");
	memcpy(key.words, peer->addr, sizeof(peer->addr));
	key.words[2] =
	        PATH | (uint64_t) !!peer->is_v6 << 8 | (uint64_t)local << 16 | (uint64_t)peer->port << 32;
	return key;
}

static struct key key_of_ssrc(uint32_t ssrc)
{
	return (struct key){ { 0, 0, SSRC | (uint64_t)ssrc << 32 } };
}

static bool same(const struct key *a, const struct key *b)
{
	return ((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1]) | (a->words[2] ^ b->words[2])) == 0;
}

/* Both halves of a product of 64 bits by 64. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash(const struct demux *d, const struct key *key)
{
	uint64_t h = fold(key->words[0] ^ d->seed[0], key->words[1] ^ d->seed[1]);

	return (uint32_t)fold(h ^ d->seed[2], key->words[2] ^ d->seed[0]);
}

/* Where @key lies, or the free place where it would. */
static uint32_t place_of(const struct demux *d, const struct key *key)
{
	uint32_t at = hash(d, key) & d->mask;

	while (d->entries[at].slot && !same(&d->entries[at].key, key))
		at = (at + 1) & d->mask;
	return at;
}

/* Free the place @hole: whatever lies behind it, up to the next free place, moves up if its own way leads
 * past the hole. */
static void take_out(struct demux *d, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & d->mask; d->entries[at].slot; at = (at + 1) & d->mask) {
		uint32_t wanted = hash(d, &d->entries[at].key) & d->mask;
		if (((at - wanted) & d->mask) < ((at - hole) & d->mask))
			continue;
		d->entries[hole] = d->entries[at];
		hole = at;
	}
	d->entries[hole].slot = 0;
}

static int put(struct demux *d, enum kind kind, const struct key *key, uintptr_t slot)
{
	uint32_t at = place_of(d, key);

	if (d->entries[at].slot && !slot) {
		take_out(d, at);
		d->count[kind]--;
		return 0;
	}
	if (!d->entries[at].slot) {
		if (!slot)
			return 0;
		if (d->count[kind] == d->max[kind])
			return -ENOSPC;
		d->count[kind]++;
		d->entries[at].key = *key;
	}
	d->entries[at].slot = slot;
	return 0;
}

uintptr_t demux_ufrag(const struct demux *demux, const char *ufrag)
{
	struct key key = key_of_ufrag(ufrag);

	return demux->entries[place_of(demux, &key)].slot;
}

int demux_put_ufrag(struct demux *demux, const char *ufrag, uintptr_t slot)
{
	struct key key = key_of_ufrag(ufrag);

	return put(demux, KIND_UFRAG, &key, slot);
}

uintptr_t demux_path(const struct demux *demux, const struct peer *peer, unsigned local)
{
	struct key key = key_of_path(peer, local);
	uintptr_t slot = demux->entries[place_of(demux, &key)].slot;
	const struct entry *hints = &demux->hints[hash(demux, &key) & demux->hint_mask];

	for (unsigned i = 0; i < WAYS && !slot; i++)
		if (same(&hints[i].key, &key))
			slot = hints[i].slot;
	return slot;
}

int demux_put_path(struct demux *demux, const struct peer *peer, unsigned local, uintptr_t slot)
{
	struct key key = key_of_path(peer, local);

	return put(demux, KIND_PATH, &key, slot);
}

uintptr_t demux_ssrc(const struct demux *demux, uint32_t ssrc)
{
	struct key key = key_of_ssrc(ssrc);

	return demux->entries[place_of(demux, &key)].slot;
}

int demux_put_ssrc(struct demux *demux, uint32_t ssrc, uintptr_t slot)
{
	struct key key = key_of_ssrc(ssrc);

	return put(demux, KIND_SSRC, &key, slot);
}

void demux_hint(struct demux *demux, const struct peer *peer, unsigned local, unsigned owner)
{
	struct key key = key_of_path(peer, local);

	struct entry *hints = &demux->hints[hash(demux, &key) & demux->hint_mask];
	unsigned last = 0;

	while (last < WAYS - 1 && !same(&hints[last].key, &key))
		last++;
	memmove(hints + 1, hints, last * sizeof(hints[0]));
	hints[0] = (struct entry){ .key = key, .slot = (uintptr_t)owner << 1 | 1 };
}
