/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/opening_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "dataplane/endpoint.h"
#include "dataplane/neigh.h"
#include "dataplane/opening_check_webrtc.h"
#include "dataplane/port_claim.h"
#include "dataplane/slot_pool.h"

int opening_check_refuse(char *ret_why, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, LIMIT_REASON_BYTES + 1, format, args);
	va_end(args);
	return status;
}

/* What holds for every track and layer. */
static int check_track(const struct msg_track *t, char *why)
{
	if (t->codec >= CODECS || t->profile >= PROFILES)
		return opening_check_refuse(why, -EINVAL, "track %s: unknown codec or profile", t->id);
	if (!opening_check_payload_type(t->payload_type))
		return opening_check_refuse(
		        why, -EINVAL, "track %s: payload type %u", t->id, t->payload_type);
	if (t->clock_rate < 1000 || t->clock_rate > 1000000)
		return opening_check_refuse(why, -EINVAL, "track %s: clock rate %u", t->id, t->clock_rate);
	if (!codec_info(t->codec)->video && (t->channels < 1 || t->channels > codec_channels(t->codec)))
		return opening_check_refuse(why, -EINVAL, "track %s: %u channels", t->id, t->channels);
	if (t->parameter_set_bytes > sizeof(t->parameter_sets))
		return opening_check_refuse(
		        why, -EINVAL, "track %s: parameter sets of %u bytes", t->id, t->parameter_set_bytes);
	if (t->roc && !t->ssrc_known && !t->ssrc_bound)
		return opening_check_refuse(
		        why, -EINVAL, "track %s: a roll-over counter without an SSRC", t->id);
	return 0;
}

/* A name that is nobody else's; layers have none. */
static int check_name(
        const struct session_table *table, const struct msg_session_open *open, unsigned index, char *why)
{
	const struct msg_track *t = &open->tracks[index];

	if (t->layer_of)
		return 0;
	if (!t->id[0])
		return opening_check_refuse(why, -EINVAL, "a track without an id");
	for (unsigned i = 0; i < index; i++)
		if (!open->tracks[i].layer_of && strcmp(t->id, open->tracks[i].id) == 0)
			return opening_check_refuse(why, -EINVAL, "track %s twice", t->id);
	if (claim_find(&table->names, open->room, t->id))
		return opening_check_refuse(
		        why, -EEXIST, "room %s has a track %s already", open->room, t->id);
	return 0;
}

static int check_tracks(const struct session_table *table, const struct msg_session_open *open, char *why)
{
	if (open->track_count == 0 || open->track_count > LIMIT_TRACKS_PER_SESSION)
		return opening_check_refuse(why, -EINVAL, "%u tracks", open->track_count);
	for (unsigned i = 0; i < open->track_count; i++) {
		int r = check_track(&open->tracks[i], why);
		if (!r)
			r = check_name(table, open, i, why);
		if (r < 0)
			return r;
	}
	if (open->track_count > slot_pool_left(table->slots))
		return opening_check_refuse(why, -ENOSPC, "dataplane.max_tracks (%u) are open",
		        (unsigned)table->cfg.conf->dataplane_max_tracks);
	return 0;
}

/* What holds for the tracks of a port pair. */
static int check_rtp_tracks(const struct session_table *table, const struct msg_session_open *open, char *why)
{
	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		if (t->layer_of)
			return opening_check_refuse(why, -EINVAL, "a simulcast layer outside of WebRTC");
		if (t->profile == PROFILE_PLAIN && !table->cfg.conf->ingest_allow_plain_rtp)
			return opening_check_refuse(
			        why, -EINVAL, "track %s: plain RTP is not allowed", t->id);
		for (unsigned j = 0; j < i; j++)
			if (t->ssrc_known && open->tracks[j].ssrc_known && t->ssrc == open->tracks[j].ssrc)
				return opening_check_refuse(why, -EINVAL, "SSRC %u twice", t->ssrc);
	}
	return 0;
}

static int check_address(
        const struct session_table *table, const struct msg_session_open *open, uint8_t *ret_local, char *why)
{
	int local;

	if (open->addr.family == 0) {
		*ret_local = ENDPOINT_ANY_LOCAL;
	} else {
		local = neigh_local(table->cfg.host, open->addr.bytes, open->addr.family == 6);
		if (local < 0)
			return opening_check_refuse(why, -EINVAL, "not one of ingest.address");
		*ret_local = (uint8_t)local;
	}
	if (open->port < table->first_port || open->port >= table->last_port)
		return opening_check_refuse(why, -EINVAL, "port %u is outside ingest.port_range", open->port);
	if (port_claim_holder(table, *ret_local, open->port))
		return opening_check_refuse(why, -EEXIST, "port %u is taken", open->port);
	return 0;
}

static int check_rtp(
        const struct session_table *table, const struct msg_session_open *open, uint8_t *ret_local, char *why)
{
	int r = check_rtp_tracks(table, open, why);

	return r ? r : check_address(table, open, ret_local, why);
}

/* Whether there is a disk to write to. */
static int check_disk(const struct conf *conf, char *why)
{
	struct statvfs fs;

	if (faccessat(AT_FDCWD, conf->record_dir, W_OK | X_OK, AT_EACCESS) < 0 ||
	        statvfs(conf->record_dir, &fs) < 0)
		return opening_check_refuse(why, -EROFS, "%s: %s", conf->record_dir, strerror(errno));
	if (fs.f_flag & ST_RDONLY)
		return opening_check_refuse(why, -EROFS, "%s: read-only", conf->record_dir);
	if ((uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)conf->record_min_free_mb << 20)
		return opening_check_refuse(why, -ENOSPC, "less than record.min_free_mb (%lld) is free",
		        (long long)conf->record_min_free_mb);
	return 0;
}

int opening_check(const struct session_table *table, const struct msg_session_open *open, uint8_t *ret_local,
        char *ret_why)
{
	uint8_t local = ENDPOINT_ANY_LOCAL;
	int r;

	if (!open->id[0] || !open->room[0])
		return opening_check_refuse(ret_why, -EINVAL, "no id, or no room");
	if (claim_find(&table->ids, open->id, ""))
		return opening_check_refuse(ret_why, -EEXIST, "there is a session %s already", open->id);
	if (table->session_count >= LIMIT_SESSIONS)
		return opening_check_refuse(ret_why, -ENOSPC, "%u sessions are open", table->session_count);
	r = check_tracks(table, open, ret_why);
	if (!r && open->transport == MSG_TRANSPORT_WEBRTC)
		r = opening_check_webrtc(table, open, ret_why);
	else if (!r)
		r = check_rtp(table, open, &local, ret_why);
	if (!r)
		r = check_disk(table->cfg.conf, ret_why);
	if (!r)
		*ret_local = local;
	return r;
}
