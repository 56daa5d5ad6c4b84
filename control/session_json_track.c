/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/session_json_track.h"

#include <string.h>
#include "base/clk.h"
#include "control/json_field.h"

#define RATE_MIN_NS CLK_NS_PER_S /* a bit rate is measured over at least this */

/* Bits per second since the figures were last asked for, or since the first packet. */
static uint64_t measure_rate(
        struct session_track *track, const struct session_figures *figures, uint64_t first_pkt_unix_ns)
{
	uint64_t now = figures->last_pkt_unix_ns, bytes = figures->count[SESSION_FIGURE_FLOW_bytes];

	if (!track->rate_ns)
		track->rate_ns = first_pkt_unix_ns;
	if (track->rate_ns && now > track->rate_ns && now - track->rate_ns >= RATE_MIN_NS &&
	        bytes >= track->rate_bytes) {
		double seconds = (double)(now - track->rate_ns) / (double)CLK_NS_PER_S;

		track->rate_bps = (uint64_t)((double)(bytes - track->rate_bytes) * 8 / seconds);
		track->rate_ns = now;
		track->rate_bytes = bytes;
	}
	return track->rate_bps;
}

/* Of this run of the dataplane and of those before. */
static uint64_t count_of(const struct session_track *track, enum session_figure figure)
{
	return track->before.count[figure] + track->figures.count[figure];
}

static void add_layer(struct session_figures *sum, const struct session_track *layer)
{
	for (unsigned i = 0; i < SESSION_FIGURES; i++) {
		if (session_figures_is_flow(i))
			sum->count[i] += layer->figures.count[i];
	}
	if (sum->last_pkt_unix_ns < layer->figures.last_pkt_unix_ns)
		sum->last_pkt_unix_ns = layer->figures.last_pkt_unix_ns;
	if (!sum->round_trip_us)
		sum->round_trip_us = layer->figures.round_trip_us;
}

/* @track's figures with those of its layers: @ret_now of this run of the dataplane, @ret_before of earlier
 * ones. */
static void sum_up(const struct session *s, unsigned index, struct session_figures *ret_now,
        struct session_figures *ret_before)
{
	*ret_now = s->tracks[index].figures;
	*ret_before = s->tracks[index].before;
	for (unsigned i = 0; i < s->track_count; i++) {
		if (s->tracks[i].msg.layer_of != index + 1)
			continue;
		add_layer(ret_now, &s->tracks[i]);
		for (unsigned k = 0; k < SESSION_FIGURES; k++)
			ret_before->count[k] += s->tracks[i].before.count[k];
	}
}

static void set_repair(
        json_t *object, const struct session_figures *now, const struct session_figures *before)
{
	uint64_t repaired = 0;

	for (unsigned i = SESSION_FIGURE_FLOW_rtx_repaired_pkts; i <= SESSION_FIGURE_FLOW_fec_repaired_pkts;
	        i++)
		repaired += before->count[i] + now->count[i];
	json_field_number(object, "repaired", repaired);
	if (now->round_trip_us)
		json_object_set_new(object, "round_trip_ms", json_real((double)now->round_trip_us / 1000));
}

static void add_figures(json_t *object, const struct session *s, unsigned index, struct session_track *track)
{
	bool is_webrtc = s->transport == MSG_TRANSPORT_WEBRTC;
	unsigned figures = is_webrtc ? SESSION_FIGURES : SESSION_FIGURES_WEBRTC;
	struct session_figures now, before;

	sum_up(s, index, &now, &before);
	for (unsigned i = 0; i < figures; i++)
		json_field_number(object, session_figures_name(i), before.count[i] + now.count[i]);
	if (is_webrtc)
		set_repair(object, &now, &before);
	json_object_set_new(
	        object, "jitter_ms", json_real((double)now.jitter_rtp * 1000 / track->msg.clock_rate));
	json_field_number(object, "bitrate_bps",
	        session_table_has_ended(s) ? 0 : measure_rate(track, &now, s->first_pkt_unix_ns));
	if (now.width && now.height) {
		json_field_number(object, "width", now.width);
		json_field_number(object, "height", now.height);
	}
	json_field_time(object, "last_packet", now.last_pkt_unix_ns);
}

static void set_ssrc(json_t *object, const struct session_track *track)
{
	const struct msg_track *msg = &track->msg;

	if (msg->ssrc_known || msg->ssrc_bound || track->figures.ssrc)
		json_field_number(object, "ssrc", track->figures.ssrc ? track->figures.ssrc : msg->ssrc);
}

static json_t *layer_json(const struct session_track *track)
{
	json_t *object = json_object();

	json_field_number(object, "layer", track->msg.layer);
	json_field_text(object, "rid", track->msg.rid);
	set_ssrc(object, track);
	for (unsigned i = 0; i < SESSION_FIGURES; i++) {
		if (session_figures_is_flow(i))
			json_field_number(object, session_figures_name(i), count_of(track, i));
	}
	json_field_time(object, "last_packet", track->figures.last_pkt_unix_ns);
	return object;
}

/* Which layers there are, and which is recorded. */
static void set_layers(json_t *object, const struct session *s, unsigned index)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->track_count; i++) {
		if (i == index || s->tracks[i].msg.layer_of == index + 1)
			json_array_append_new(list, layer_json(&s->tracks[i]));
	}
	if (json_array_size(list) > 1) {
		json_field_number(object, "recorded_layer", s->tracks[index].figures.layer);
		json_object_set(object, "layers", list);
	}
	json_decref(list);
}

static json_t *track_records(const struct session *s, const struct session_track *track)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < s->file_count; i++) {
		if (!strcmp(s->files[i].track, track->msg.id) && s->files[i].state != MSG_FILE_FAILED)
			json_array_append_new(names, json_string(s->files[i].name));
	}
	return names;
}

json_t *session_json_track(struct session *s, unsigned index)
{
	struct session_track *track = &s->tracks[index];
	const struct msg_track *msg = &track->msg;
	json_t *object = json_object();

	json_field_text(object, "id", msg->id);
	json_field_text(object, "record", msg->promised);
	json_field_text(object, "codec", codec_info(msg->codec)->name);
	json_field_number(object, "payload_type", msg->payload_type);
	json_field_number(object, "clock_rate", msg->clock_rate);
	if (!codec_info(msg->codec)->video)
		json_field_number(object, "channels", msg->channels);
	if (msg->profile != PROFILE_PLAIN)
		json_field_text(object, "profile", profile_info(msg->profile)->name);
	if (*msg->mid)
		json_field_text(object, "mid", msg->mid);
	if (*msg->rid)
		json_field_text(object, "rid", msg->rid);
	set_ssrc(object, track);
	if (msg->stat_index != SESSION_TABLE_NO_INDEX && !session_table_has_ended(s))
		json_field_number(
		        object, "slot", msg->stat_index); /* of FLOW and TRACK in the shared counters */
	json_object_set_new(object, "records", track_records(s, track));
	add_figures(object, s, index, track);
	if (s->transport == MSG_TRANSPORT_WEBRTC)
		set_layers(object, s, index);
	return object;
}
