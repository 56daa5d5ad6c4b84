/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/options.h"

#include <errno.h>
#include <string.h>
#include "tools/gen/options_row.h"
#include "tools/gen/pay.h"

#define AT(field)      offsetof(struct options, field)
#define SECONDS(field) OPTIONS_ROW_SECONDS, AT(field), 0, 1e9, NULL
#define PERCENT(field) OPTIONS_ROW_PERCENT, AT(impair.field), 0, 100, NULL
#define TEXT(field)    OPTIONS_ROW_TEXT, AT(field), 0, 0, NULL
#define FLAG(field)    OPTIONS_ROW_FLAG, AT(field), 0, 0, NULL
#define UNFLAG(field)  OPTIONS_ROW_FLAG, AT(field), 0, 1, NULL
#define OTHER(fn)      OPTIONS_ROW_OTHER, 0, 0, 0, fn
#define HEAD(text)                                                                                           \
	{                                                                                                    \
		text, OPTIONS_ROW_HEAD, 0, 0, 0, NULL, NULL, NULL                                            \
	}

#define INT64_BOUND 9e18

/* clang-format off */
static const struct options_row rows[] = {
	HEAD("Whom to send to: one of --api and --plan"),
	{ "api", TEXT(api), "URL", "open sessions by the recorder's HTTP API, such as http://127.0.0.1:8080; closed in the end" },
	{ "plan", TEXT(plan), "FILE", "send the flows of FILE, a line each: address port ssrc payload-type codec profile|plain key-in-base64|-" },
	{ "api-token", TEXT(api_token), "TOKEN", "bearer token for the API (or WIRESPOOL_API_TOKEN in the environment)" },
	{ "sessions", OPTIONS_ROW_U64, AT(sessions), 1, 100000, NULL, "N", "sessions to open, 1 by default" },
	{ "tracks", OTHER(options_row_tracks), "LIST", "tracks of each session: video (VP8), audio (Opus), vp8, vp9, opus; video,audio by default" },
	{ "profile", OTHER(options_row_profile), "NAME", "AES_CM_128_HMAC_SHA1_80 (default), AES_CM_128_HMAC_SHA1_32, AEAD_AES_128_GCM, AEAD_AES_256_GCM or plain" },
	{ "room", TEXT(room), "NAME", "room of the sessions, {n} is the session's number; gen-{n} by default" },
	{ "participant", TEXT(participant), "NAME", "participant likewise; gen-{n} by default" },
	{ "idle-timeout", OPTIONS_ROW_U64, AT(idle_timeout_s), 0, 86400, NULL, "S", "idle_timeout_s of the sessions; the recorder's default by default" },
	{ "webrtc", FLAG(webrtc), NULL, "publish by WHIP: ICE, DTLS and SRTP as a browser would; --profile is the only one offered" },
	{ "omit-ssrc", FLAG(omit_ssrc), NULL, "do not tell the API the SSRCs: it binds them by payload type" },
	{ "keep-open", FLAG(keep_open), NULL, "do not close the sessions in the end" },
	{ "linger-ms", OPTIONS_ROW_U64, AT(linger_ms), 0, 60000, NULL, "N", "wait so long after the last packet before closing, 300 by default" },

	HEAD("What to send"),
	{ "ivf", TEXT(clip.ivf), "FILE", "take the video from an IVF file whose frames rise in time" },
	{ "size", OTHER(options_row_size), "WxH", "encode video of this size, 640x360 by default" },
	{ "fps", OPTIONS_ROW_UINT, AT(clip.fps), 1, 240, NULL, "N", "pictures a second, 30 by default" },
	{ "kbps", OPTIONS_ROW_UINT, AT(clip.kbps), 16, 100000, NULL, "N", "bit rate of video, 800 by default" },
	{ "gop", OPTIONS_ROW_UINT, AT(clip.gop), 1, 100000, NULL, "N", "pictures from key frame to key frame, 60 by default" },
	{ "spatial-layers", OPTIONS_ROW_UINT, AT(clip.layers), 1, CLIP_LAYERS_MAX, NULL, "N", "spatial layers of VP9, 1 by default" },
	{ "vp9-mode", OTHER(options_row_vp9_mode), "MODE", "flexible or non-flexible (default), RFC 9628 section 3" },
	{ "audio-kbps", OPTIONS_ROW_UINT, AT(clip.audio_kbps), 6, 510, NULL, "N", "bit rate of audio, 48 by default" },
	{ "frame-ms", OTHER(options_row_frame_ms), "MS", "time of an Opus packet: 2.5, 5, 10, 20 (default), 40, 60" },
	{ "channels", OPTIONS_ROW_UINT, AT(clip.channels), 1, 2, NULL, "N", "channels of audio, 2 by default" },
	{ "dtx", FLAG(clip.dtx), NULL, "audio is silent half of the time, and not sent then" },
	{ "clip-seconds", OPTIONS_ROW_UINT, AT(clip.seconds), 1, 3600, NULL, "N", "length of the encoded clips, which all flows play in a loop; 4 by default" },
	{ "packet-bytes", OPTIONS_ROW_U64, AT(packet_bytes), 64, 1900, NULL, "N", "longest RTP packet before protection, 1200 by default; Opus is never split" },
	{ "seq", OPTIONS_ROW_I64, AT(seq), 0, 65535, NULL, "N", "first sequence number of all flows, by chance below 32768 by default" },
	{ "timestamp", OPTIONS_ROW_I64, AT(timestamp), 0, 4294967295.0, NULL, "N", "first RTP time of all flows, by chance by default" },
	{ "no-sr", UNFLAG(reports), NULL, "no RTCP sender reports, which else go out every second" },
	{ "no-bye", UNFLAG(bye), NULL, "no RTCP BYE in the end" },
	{ "rtcp-next-port", FLAG(rtcp_next_port), NULL, "send RTCP to the port after the one of RTP" },

	HEAD("How"),
	{ "duration", SECONDS(duration_ns), "S", "stop after S seconds of media; 10 by default, unless --packets is given" },
	{ "packets", OPTIONS_ROW_U64, AT(packets), 1, INT64_BOUND, NULL, "N", "each flow ends with the frame that brings it to N packets" },
	{ "ramp", SECONDS(ramp_ns), "S", "begin the flows one after another within S seconds" },
	{ "rate-scale", OTHER(options_row_rate_scale), "X", "send X times faster than real time; RTP time stays that of the media, and reports tell how fast it runs" },
	{ "unpaced", FLAG(unpaced), NULL, "send as fast as the output takes it" },
	{ "prepare", FLAG(prepare), NULL, "build and encrypt all packets before the first is sent; no sender reports, and nobody's key frame requests are met" },
	{ "prepare-mb", OPTIONS_ROW_U64, AT(prepare_mb), 1, 1048576, NULL, "N", "memory that --prepare may take, 4096 by default" },
	{ "ceiling", FLAG(ceiling), NULL, "measure before the run, for 2 s at most, what could be sent if nothing else limited it; told in the account" },
	{ "seed", OPTIONS_ROW_U64, AT(seed), 0, INT64_BOUND, NULL, "N", "keys, numbers and impairments follow from it; 1 by default" },

	HEAD("Impairments, each by chance and seed"),
	{ "loss", PERCENT(loss), "PCT", "packets that are not sent" },
	{ "loss-burst", OPTIONS_ROW_UINT, AT(impair.loss_burst), 1, 10000, NULL, "N", "lose N packets at a time; the share stays" },
	{ "duplicate", PERCENT(duplicate), "PCT", "packets that are sent twice" },
	{ "reorder", PERCENT(reorder), "PCT", "packets that are held back" },
	{ "reorder-depth", OPTIONS_ROW_UINT, AT(impair.reorder_depth), 1, IMPAIR_DEPTH_MAX, NULL, "N", "for 1 to N packets of their flow, 3 by default" },
	{ "jitter-ms", OTHER(options_row_jitter), "MS", "each packet comes 0 to MS late, order kept" },
	{ "corrupt", PERCENT(corrupt), "PCT", "packets of which a byte is flipped after protection" },
	{ "truncate", PERCENT(truncate), "PCT", "packets that are cut short after protection" },
	{ "malformed", PERCENT(malformed), "PCT", "packets whose payload descriptor lies, protected well" },
	{ "replay", PERCENT(replay), "PCT", "packets after which one of the last 64 is sent again" },
	{ "wrong-key", OPTIONS_ROW_U64, AT(wrong_key), 0, 1000000, NULL, "N", "the first N flows use another key than the receiver was told" },
	{ "clean-start", OPTIONS_ROW_U64, AT(impair.clean_pkts), 0, INT64_BOUND, NULL, "N", "spare the first N packets of each flow" },
	{ "ssrc-change", SECONDS(ssrc_change_ns), "S", "each flow changes its SSRC after S seconds" },
	{ "restart", SECONDS(restart_ns), "S", "sequence and time begin anew after S seconds" },
	{ "pause", OTHER(options_row_pause), "S:D", "each flow pauses after S seconds, for D seconds" },

	HEAD("By what: UDP sockets, one a session, or a DPDK device"),
	{ "bind", OTHER(options_row_bind), "ADDR", "bind the sockets to this address" },
	{ "netns", TEXT(netns), "NAME", "open the sockets or the device in this network namespace; the API is asked outside" },
	{ "vdev", TEXT(vdev), "ARGS", "send by a DPDK device: net_memif0,role=client,id=0,socket=/tmp/x or net_af_packet0,iface=x" },
	{ "src-ip", OTHER(options_row_src_ip), "ADDR", "our IPv4 address on the device; ARP for it is answered" },
	{ "src-mac", OTHER(options_row_src_mac), "MAC", "our MAC address, the device's by default" },
	{ "dst-mac", OTHER(options_row_dst_mac), "MAC", "send to this MAC address instead of asking by ARP" },
	{ "src-port", OPTIONS_ROW_U64, AT(src_port), 1, 65535, NULL, "N", "UDP port of the first session, 40000 by default; the others follow" },
	{ "udp-checksum", FLAG(udp_checksum), NULL, "write the UDP checksum, which IPv4 can do without" },
	{ "lcore", OPTIONS_ROW_I64, AT(lcore), 0, 1023, NULL, "CPU", "run on this CPU" },
	{ "no-huge", FLAG(no_huge), NULL, "do without huge pages" },
	{ "memory-mb", OPTIONS_ROW_U64, AT(memory_mb), 16, 65536, NULL, "N", "memory of DPDK, 128 by default" },

	HEAD("What is told"),
	{ "account", TEXT(account), "FILE", "write the account, JSON, to FILE instead of standard output" },
	{ "frames-file", TEXT(frames_file), "FILE", "write a line a frame: flow, RTP time unwrapped, bytes, FNV-1a 64, intact, key, SSRC" },
	{ "help", FLAG(help), NULL, "print this" },
	{ "version", FLAG(version), NULL, "print the version" },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(*rows))

static const struct options_row *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].kind != OPTIONS_ROW_HEAD && strlen(rows[i].name) == len &&
		        !strncmp(rows[i].name, name, len))
			return &rows[i];
	return NULL;
}

static int refuse(const struct options_row *row, const char *text, char *error, size_t size)
{
	switch (row->kind) {
	case OPTIONS_ROW_U64:
	case OPTIONS_ROW_UINT:
	case OPTIONS_ROW_I64:
		snprintf(error, size, "--%s: a whole number from %.0f to %.0f is expected, not '%s'",
		        row->name, row->min, row->max, text);
		break;
	case OPTIONS_ROW_PERCENT:
		snprintf(error, size, "--%s: a percentage from 0 to 100 is expected, not '%s'", row->name,
		        text);
		break;
	case OPTIONS_ROW_SECONDS:
		snprintf(error, size, "--%s: a time in seconds above 0 is expected, not '%s'", row->name,
		        text);
		break;
	default:
		snprintf(error, size, "--%s: %s is expected, not '%s'; %s", row->name, row->takes, text,
		        row->help);
		break;
	}
	return -EINVAL;
}

/* One option, its value in the same word or the next; how many words were taken, or -EINVAL. */
static int take(struct options *o, int left, char **argv, char *error, size_t size)
{
	const char *word = argv[0], *value;
	size_t len = strcspn(word, "=");
	const struct options_row *row = strncmp(word, "--", 2) ? NULL : find(word + 2, len - 2);

	if (!row) {
		snprintf(error, size, "unknown option '%s', see --help", word);
		return -EINVAL;
	}
	if (row->kind == OPTIONS_ROW_FLAG) {
		if (!word[len])
			return options_row_read(row, o, NULL) ? -EINVAL : 1;
		snprintf(error, size, "--%s takes no value", row->name);
		return -EINVAL;
	}
	value = word[len] ? word + len + 1 : left > 1 ? argv[1] : NULL;
	if (!value) {
		snprintf(error, size, "--%s needs a value, %s", row->name, row->takes);
		return -EINVAL;
	}
	if (options_row_read(row, o, value))
		return refuse(row, value, error, size);
	return word[len] ? 1 : 2;
}

/* What single options cannot know of each other; NULL: all is well. */
static const char *conflict(const struct options *o)
{
	bool vp9 = o->plan != NULL;

	for (unsigned i = 0; i < o->track_count; i++)
		vp9 = vp9 || o->tracks[i] == CODEC_VP9;
	if (!o->api == !o->plan)
		return "exactly one of --api and --plan is needed, see --help";
	if (o->webrtc && (!o->api || o->profile == PROFILE_PLAIN))
		return "--webrtc needs --api, and a profile that is not plain";
	if (o->webrtc && o->rtcp_next_port)
		return "--rtcp-next-port is not for --webrtc, where RTCP shares the port";
	if (o->webrtc && o->idle_timeout_s)
		return "--idle-timeout is not for --webrtc, whose sessions end without consent";
	if (o->webrtc && (o->prepare || o->ceiling))
		return "--prepare and --ceiling are not for --webrtc, whose peers want answers meanwhile";
	if (o->clip.layers > 1 && (!vp9 || o->clip.ivf))
		return "--spatial-layers is for VP9 that is encoded here";
	if (o->vdev && !o->has_src_ip)
		return "--vdev needs --src-ip";
	if (o->vdev && o->bind_len)
		return "--bind is for sockets, --src-ip for --vdev";
	if (!o->vdev && (o->has_src_ip || o->has_src_mac || o->has_dst_mac))
		return "--src-ip, --src-mac and --dst-mac are for --vdev; sockets take --bind";
	if (o->unpaced && o->rate_scale != 1)
		return "--unpaced knows no --rate-scale";
	return NULL;
}

static void set_defaults(struct options *o)
{
	*o = (struct options){
		.room = "gen-{n}",
		.participant = "gen-{n}",
		.sessions = 1,
		.tracks = { CODEC_VP8, CODEC_OPUS },
		.track_count = 2,
		.profile = PROFILE_AES_CM_128_HMAC_SHA1_80,
		.linger_ms = 300,
		.clip = { .width = 640,
		        .height = 360,
		        .fps = 30,
		        .kbps = 800,
		        .gop = 60,
		        .seconds = 4,
		        .layers = 1,
		        .frame_us = 20000,
		        .audio_kbps = 48,
		        .channels = 2 },
		.packet_bytes = 1200,
		.seq = -1,
		.timestamp = -1,
		.reports = true,
		.bye = true,
		.seed = 1,
		.rate_scale = 1,
		.prepare_mb = 4096,
		.impair = { .loss_burst = 1, .reorder_depth = 3 },
		.lcore = -1,
		.memory_mb = 128,
		.src_port = 40000,
	};
}

int options_parse(struct options *ret_options, int argc, char **argv, char *ret_error, size_t error_size)
{
	struct options o;
	const char *why;

	set_defaults(&o);
	for (int i = 1; i < argc;) {
		int taken = take(&o, argc - i, argv + i, ret_error, error_size);

		if (taken < 0)
			return taken;
		i += taken;
	}
	why = o.help || o.version ? NULL : conflict(&o);
	if (why) {
		snprintf(ret_error, error_size, "%s", why);
		return -EINVAL;
	}
	if (!o.duration_ns)
		o.duration_ns = o.packets ? UINT64_MAX / 4 : 10000000000ull;
	*ret_options = o;
	return 0;
}

void options_help(FILE *to)
{
	fputs("usage: wirespool-gen --api URL | --plan FILE [options]\n"
	      "Sends RTP and SRTP as many participants would, harms it on request, and accounts for every "
	      "packet.\n"
	      "Exit code: 0 all was sent, 1 failed, 2 wrong use. SIGINT and SIGTERM end it cleanly.\n",
	        to);
	for (size_t i = 0; i < ROWS; i++) {
		char left[40];

		if (rows[i].kind == OPTIONS_ROW_HEAD) {
			fprintf(to, "\n%s\n", rows[i].name);
			continue;
		}
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].takes ? " " : "",
		        rows[i].takes ? rows[i].takes : "");
		fprintf(to, "  %-22s %s\n", left, rows[i].help);
	}
}
