/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/opening_check_webrtc.h"

#include <errno.h>
#include <string.h>
#include "dataplane/opening_check.h"
#include "writers/track.h"

#define USES 6 /* of payload types by one track */

enum role { ROLE_MEDIA, ROLE_RTX, ROLE_RED, ROLE_ULPFEC, ROLE_FLEXFEC };

/* What a track means by a payload type. */
struct use {
	unsigned track;
	uint8_t type, role, codec, channels;
	uint8_t of; /* RTX: of which payload type */
	uint32_t clock_rate;
};

/* ice-char of RFC 8839 section 5.4. */
static bool is_ice_text(const char *text)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return text[strspn(text, chars)] == '\0';
}

int opening_check_webrtc_ice(const struct session_table *table, const struct msg_ice *ice, char *ret_why)
{
	if (strlen(ice->ufrag) != MSG_UFRAG_BYTES || !is_ice_text(ice->ufrag))
		return opening_check_refuse(
		        ret_why, -EINVAL, "an ICE ufrag that is not of %u characters", MSG_UFRAG_BYTES);
	if (strlen(ice->pwd) < LIMIT_ICE_PWD_BYTES_MIN || !is_ice_text(ice->pwd))
		return opening_check_refuse(ret_why, -EINVAL, "an ICE password that is none");
	if (claim_find(&table->ufrags, ice->ufrag, ""))
		return opening_check_refuse(ret_why, -EEXIST, "the ICE ufrag is taken");
	return 0;
}

static unsigned group_of(const struct msg_session_open *open, unsigned index)
{
	return open->tracks[index].layer_of ? open->tracks[index].layer_of - 1u : index;
}

/* A layer is of a track before it that is none itself, and what comes of both is one file. */
static int check_layer(const struct msg_session_open *open, unsigned index, char *why)
{
	const struct msg_track *t = &open->tracks[index], *base;
	unsigned group = group_of(open, index);

	if (t->layer_of > index || open->tracks[group].layer_of)
		return opening_check_refuse(why, -EINVAL, "track %u: a layer of no track before it", index);
	base = &open->tracks[group];
	if (t->codec != base->codec || t->clock_rate != base->clock_rate || t->channels != base->channels)
		return opening_check_refuse(
		        why, -EINVAL, "track %s: a layer of it is of another codec", base->id);
	if (t->layer >= TRACK_LAYERS)
		return opening_check_refuse(why, -EINVAL, "track %s: layer %u", base->id, t->layer);
	for (unsigned i = 0; i < index; i++)
		if (group_of(open, i) == group && open->tracks[i].layer == t->layer)
			return opening_check_refuse(
			        why, -EINVAL, "track %s: layer %u twice", base->id, t->layer);
	return 0;
}

static unsigned list_uses(const struct msg_session_open *open, unsigned track, struct use *ret_uses)
{
	const struct msg_track *t = &open->tracks[track];
	const struct use all[USES] = {
		{ .type = t->payload_type,
		        .role = ROLE_MEDIA,
		        .codec = t->codec,
		        .channels = codec_info(t->codec)->video ? 0 : t->channels },
		{ .type = t->rtx_payload_type, .role = ROLE_RTX, .of = t->payload_type },
		{ .type = t->red_payload_type, .role = ROLE_RED },
		{ .type = t->red_rtx_payload_type, .role = ROLE_RTX, .of = t->red_payload_type },
		{ .type = t->ulpfec_payload_type, .role = ROLE_ULPFEC },
		{ .type = t->flexfec_payload_type, .role = ROLE_FLEXFEC },
	};
	unsigned count = 0;

	for (unsigned i = 0; i < USES; i++) {
		if (all[i].type == 0 && all[i].role != ROLE_MEDIA)
			continue;
		ret_uses[count] = all[i];
		ret_uses[count].track = track;
		ret_uses[count++].clock_rate = t->clock_rate;
	}
	return count;
}

/* Whether two may be in one bundle: layers of one track are told apart by their stream ids, two tracks that
 * mean the same by their media ids. */
static bool go_together(const struct msg_session_open *open, const struct use *a, const struct use *b)
{
	if (a->type != b->type)
		return true;
	if (a->track == b->track)
		return false;
	if (group_of(open, a->track) == group_of(open, b->track))
		return true;
	return a->role == b->role && a->codec == b->codec && a->channels == b->channels && a->of == b->of &&
	       a->clock_rate == b->clock_rate;
}

static int check_payload_types(const struct msg_session_open *open, char *why)
{
	struct use uses[LIMIT_TRACKS_PER_SESSION * USES];
	unsigned count = 0;

	for (unsigned i = 0; i < open->track_count; i++) {
		unsigned end = count + list_uses(open, i, &uses[count]);
		for (; count < end; count++) {
			const struct use *use = &uses[count];
			if (!opening_check_payload_type(use->type))
				return opening_check_refuse(why, -EINVAL, "payload type %u", use->type);
			for (unsigned j = 0; j < count; j++)
				if (!go_together(open, use, &uses[j]))
					return opening_check_refuse(
					        why, -EINVAL, "payload type %u means two things", use->type);
		}
	}
	return 0;
}

static int check_ssrcs(const struct msg_session_open *open, char *why)
{
	uint32_t ssrcs[LIMIT_TRACKS_PER_SESSION * 3];
	unsigned count = 0;

	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		if (t->ssrc_known)
			ssrcs[count++] = t->ssrc;
		if (t->rtx_ssrc_known)
			ssrcs[count++] = t->rtx_ssrc;
		if (t->fec_ssrc_known)
			ssrcs[count++] = t->fec_ssrc;
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			if (ssrcs[i] == ssrcs[j])
				return opening_check_refuse(why, -EINVAL, "SSRC %u twice", ssrcs[i]);
	return 0;
}

static int check_mids(const struct msg_session_open *open, char *why)
{
	for (unsigned i = 0; i < open->track_count; i++)
		for (unsigned j = 0; j < i; j++) {
			const struct msg_track *t = &open->tracks[i], *u = &open->tracks[j];
			if (t->mid[0] && strcmp(t->mid, u->mid) == 0 && strcmp(t->rid, u->rid) == 0)
				return opening_check_refuse(why, -EINVAL, "mid %s twice", t->mid);
		}
	return 0;
}

static int check_extensions(const struct msg_session_open *open, char *why)
{
	for (unsigned i = 0; i < MSG_EXTENSIONS; i++)
		for (unsigned j = 0; j < i; j++)
			if (open->extensions[i] && open->extensions[i] == open->extensions[j])
				return opening_check_refuse(
				        why, -EINVAL, "header extension %u twice", open->extensions[i]);
	return 0;
}

static int check_tracks(const struct msg_session_open *open, char *why)
{
	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		int r = check_layer(open, i, why);
		if (r < 0)
			return r;
		if (t->profile != PROFILE_PLAIN)
			return opening_check_refuse(
			        why, -EINVAL, "track %s: the keys of WebRTC come later", t->id);
	}
	return 0;
}

int opening_check_webrtc(
        const struct session_table *table, const struct msg_session_open *open, char *ret_why)
{
	int r;

	if (open->port != table->cfg.conf->ingest_webrtc_port)
		return opening_check_refuse(
		        ret_why, -EINVAL, "port %u is not ingest.webrtc_port", open->port);
	r = opening_check_webrtc_ice(table, &open->ice, ret_why);
	if (!r)
		r = check_tracks(open, ret_why);
	if (!r)
		r = check_payload_types(open, ret_why);
	if (!r)
		r = check_ssrcs(open, ret_why);
	if (!r)
		r = check_mids(open, ret_why);
	if (!r)
		r = check_extensions(open, ret_why);
	return r;
}
