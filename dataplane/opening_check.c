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
#include "dataplane/port_claim.h"
#include "dataplane/slot_pool.h"

__attribute__((format(printf, 3, 4))) static int refuse(char *ret_why, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, LIMIT_REASON_BYTES + 1, format, args);
	va_end(args);
	return status;
}

static int check_track(const struct conf *conf, const struct msg_track *t, char *why)
{
	if (!t->id[0])
		return refuse(why, -EINVAL, "a track without an id");
	if (t->codec >= CODECS || t->profile >= PROFILES)
		return refuse(why, -EINVAL, "track %s: unknown codec or profile", t->id);
	/* RFC 5761 section 4: with the marker bit these would look like RTCP. */
	if (t->payload_type > 127 || (t->payload_type >= 64 && t->payload_type <= 95))
		return refuse(why, -EINVAL, "track %s: payload type %u", t->id, t->payload_type);
	if (t->clock_rate < 1000 || t->clock_rate > 1000000)
		return refuse(why, -EINVAL, "track %s: clock rate %u", t->id, t->clock_rate);
	if (!codec_info(t->codec)->video && (t->channels < 1 || t->channels > 2))
		return refuse(why, -EINVAL, "track %s: %u channels", t->id, t->channels);
	if (t->profile == PROFILE_PLAIN && !conf->ingest_allow_plain_rtp)
		return refuse(why, -EINVAL, "track %s: plain RTP is not allowed", t->id);
	if (t->roc && !t->ssrc_known && !t->ssrc_bound)
		return refuse(why, -EINVAL, "track %s: a roll-over counter without an SSRC", t->id);
	return 0;
}

static int check_tracks(const struct session_table *table, const struct msg_session_open *open, char *why)
{
	if (open->track_count == 0 || open->track_count > LIMIT_TRACKS_PER_SESSION)
		return refuse(why, -EINVAL, "%u tracks", open->track_count);
	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		int r = check_track(table->cfg.conf, t, why);
		if (r < 0)
			return r;
		for (unsigned j = 0; j < i; j++) {
			const struct msg_track *u = &open->tracks[j];
			if (strcmp(t->id, u->id) == 0)
				return refuse(why, -EINVAL, "track %s twice", t->id);
			if (t->ssrc_known && u->ssrc_known && t->ssrc == u->ssrc)
				return refuse(why, -EINVAL, "SSRC %u twice", t->ssrc);
		}
		if (claim_find(&table->names, open->room, t->id))
			return refuse(why, -EEXIST, "room %s has a track %s already", open->room, t->id);
	}
	if (open->track_count > slot_pool_left(table->slots))
		return refuse(why, -ENOSPC, "dataplane.max_tracks (%u) are open",
		        (unsigned)table->cfg.conf->dataplane_max_tracks);
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
			return refuse(why, -EINVAL, "not one of ingest.address");
		*ret_local = (uint8_t)local;
	}
	if (open->port < table->first_port || open->port >= table->last_port)
		return refuse(why, -EINVAL, "port %u is outside ingest.port_range", open->port);
	if (port_claim_holder(table, *ret_local, open->port))
		return refuse(why, -EEXIST, "port %u is taken", open->port);
	return 0;
}

/* Whether there is a disk to write to. */
static int check_disk(const struct conf *conf, char *why)
{
	struct statvfs fs;

	if (faccessat(AT_FDCWD, conf->record_dir, W_OK | X_OK, AT_EACCESS) < 0 ||
	        statvfs(conf->record_dir, &fs) < 0)
		return refuse(why, -EROFS, "%s: %s", conf->record_dir, strerror(errno));
	if (fs.f_flag & ST_RDONLY)
		return refuse(why, -EROFS, "%s: read-only", conf->record_dir);
	if ((uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)conf->record_min_free_mb << 20)
		return refuse(why, -ENOSPC, "less than record.min_free_mb (%lld) is free",
		        (long long)conf->record_min_free_mb);
	return 0;
}

int opening_check(const struct session_table *table, const struct msg_session_open *open, uint8_t *ret_local,
        char *ret_why)
{
	uint8_t local = 0;
	int r;

	if (!open->id[0] || !open->room[0])
		return refuse(ret_why, -EINVAL, "no id, or no room");
	if (claim_find(&table->ids, open->id, ""))
		return refuse(ret_why, -EEXIST, "there is a session %s already", open->id);
	if (table->session_count >= LIMIT_SESSIONS)
		return refuse(ret_why, -ENOSPC, "%u sessions are open", table->session_count);
	r = check_tracks(table, open, ret_why);
	if (!r)
		r = check_address(table, open, &local, ret_why);
	if (!r)
		r = check_disk(table->cfg.conf, ret_why);
	if (!r)
		*ret_local = local;
	return r;
}
