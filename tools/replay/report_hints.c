/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/report_hints.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/stat.h"
#include "tools/replay/report.h"

#define HINT_BYTES   1024
#define PLACES_NAMED 6
#define AUTH_SHARE   20 /* failures that are more than a twentieth are no accident on the way */

__attribute__((format(printf, 2, 3))) static void add(json_t *list, const char *format, ...)
{
	char text[HINT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(list, json_string(text));
}

static void print_place(char *buf, size_t size, const struct survey_place *place)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(place->is_v6 ? AF_INET6 : AF_INET, place->addr, address, sizeof(address));
	snprintf(buf, size, place->is_v6 ? "[%s]:%u" : "%s:%u", address, place->port);
}

/* "10.77.0.1:20000 (812 packets), …", the busiest first. */
static void print_places(char *buf, size_t size, const struct survey *survey)
{
	unsigned count;
	const struct survey_place *places = survey_places(survey, &count);
	size_t len = 0;

	snprintf(buf, size, "no UDP at all");
	for (unsigned i = 0; i < count && i < PLACES_NAMED && len < size; i++) {
		char place[INET6_ADDRSTRLEN + 16];

		print_place(place, sizeof(place), &places[i]);
		len += (size_t)snprintf(buf + len, size - len, "%s%s (%llu packets)", i ? ", " : "UDP to ",
		        place, (unsigned long long)places[i].pkts);
	}
}

static void hint_capture(json_t *list, const struct report_cfg *cfg)
{
	const struct survey_totals *t = survey_totals(cfg->survey);

	if (t->is_damaged)
		add(list, "The file ends early or is damaged (%s): what comes before is replayed.",
		        t->damage);
	if (t->cut_pkts)
		add(list,
		        "%llu packets are not whole in the capture, so they are dropped as truncated: "
		        "'tcpdump -s 0' "
		        "captures all of each.",
		        (unsigned long long)t->cut_pkts);
	if (cfg->run->oversize_pkts)
		add(list,
		        "%llu packets are longer than a port takes: the capturing machine had joined several "
		        "into "
		        "one ('ethtool -K IFACE gro off'), or they are jumbo frames.",
		        (unsigned long long)cfg->run->oversize_pkts);
	if (t->backward_pkts)
		add(list,
		        "%llu packets are older than the one before them: here time stands still for them "
		        "instead.",
		        (unsigned long long)t->backward_pkts);
}

static void hint_sessions(json_t *list, const struct report_cfg *cfg)
{
	char places[HINT_BYTES / 2];

	for (unsigned i = 0; i < sessions_count(cfg->sessions); i++) {
		const struct sessions_one *one = sessions_at(cfg->sessions, i);

		if (one->why[0])
			add(list, "The session at port %u was refused: %s.", one->open.port, one->why);
		if (one->first != UINT64_MAX)
			continue;
		print_places(places, sizeof(places), cfg->survey);
		if (survey_totals(cfg->survey)->elsewhere_pkts)
			add(list, "The capture goes to more UDP ports than are looked at: filter it, for "
			          "example by "
			          "'tcpdump -r FILE -w NEW udp and portrange 20000-59999'.");
		add(list, "No packet of the capture is for the session at port %u; there is %s.",
		        one->open.port, places);
	}
}

/* The handshake's keys are not in a capture. */
static void hint_webrtc(json_t *list, const struct report_cfg *cfg)
{
	unsigned count;
	const struct survey_place *places = survey_places(cfg->survey, &count);

	for (unsigned i = 0; i < count; i++) {
		char place[INET6_ADDRSTRLEN + 16];

		if (!places[i].dtls_pkts)
			continue;
		print_place(place, sizeof(place), &places[i]);
		add(list,
		        "%s took part in DTLS handshakes: that is WebRTC, whose keys are never in a capture, "
		        "so its "
		        "media cannot be replayed from here.",
		        place);
		return;
	}
}

static void hint_drops(json_t *list, const uint64_t *lcore)
{
	uint64_t auth = stat_get(lcore, STAT_LCORE_drop_auth),
	         good = stat_get(lcore, STAT_LCORE_handed_pkts) + stat_get(lcore, STAT_LCORE_rtcp_pkts);

	if (auth * AUTH_SHARE > good)
		add(list,
		        "The authentication of %llu packets failed, that of %llu did not: a session's "
		        "\"srtp\" key or "
		        "profile is not the sender's.",
		        (unsigned long long)auth, (unsigned long long)good);
	if (stat_get(lcore, STAT_LCORE_drop_udp_checksum))
		add(list,
		        "%llu UDP checksums are wrong: a capture made where the packets were sent has them "
		        "as they "
		        "were before the NIC finished them; --ignore-checksums takes them as right.",
		        (unsigned long long)stat_get(lcore, STAT_LCORE_drop_udp_checksum));
	if (stat_get(lcore, STAT_LCORE_drop_no_track))
		add(list,
		        "%llu packets are of an SSRC and payload type that no track claims: look at the "
		        "tracks' "
		        "\"ssrc\" and \"payload_type\".",
		        (unsigned long long)stat_get(lcore, STAT_LCORE_drop_no_track));
}

json_t *report_hints(const struct report_cfg *cfg)
{
	json_t *list = json_array();

	hint_capture(list, cfg);
	hint_sessions(list, cfg);
	hint_webrtc(list, cfg);
	hint_drops(list, stat_slot(cfg->stat, STAT_SCOPE_LCORE, 0));
	return list;
}
