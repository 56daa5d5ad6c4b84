/* SPDX-License-Identifier: BSD-3-Clause */
/* WebRTC offers for tests: those of tests/data/sdp, and small ones made of pieces. Header only: each test is
 * one source file. */
#ifndef TESTS_UNIT_CONTROL_OFFERS_H
#define TESTS_UNIT_CONTROL_OFFERS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "control/sdp_webrtc.h"

#define OFFERS_PRINT                                                                                         \
	"AB:12:4F:9C:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:02:03:04:05:06:07:08:09:0A:0B:0C"
#define OFFERS_BEGIN     "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define OFFERS_ICE       "a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n"
#define OFFERS_TRANSPORT OFFERS_ICE "a=fingerprint:sha-256 " OFFERS_PRINT "\r\na=setup:actpass\r\n"
#define OFFERS_BUNDLE    OFFERS_BEGIN "a=group:BUNDLE 0 1 2 3\r\n" OFFERS_TRANSPORT
#define OFFERS_AUDIO(mid)                                                                                    \
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:" mid                                                      \
	"\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
#define OFFERS_VIDEO(mid)                                                                                    \
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 103 104 105\r\na=mid:" mid                      \
	"\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n"

static char *offers_codecs[8], *offers_addresses[] = { (char *)"10.77.0.1/24", (char *)"fd77::1/64", NULL },
                               *offers_no_addresses[] = { NULL };
static struct conf offers_conf;
static struct sdp_webrtc_offer *offers_offer;
static struct msg_session_open offers_open;
static char offers_why[LIMIT_REASON_BYTES + 1];

/* The configuration's defaults, and codecs in that order. */
static inline void offers_want(const char *codecs)
{
	static char text[128];
	unsigned count = 0;

	snprintf(text, sizeof(text), "%s", codecs);
	for (char *save, *name = strtok_r(text, ",", &save); name; name = strtok_r(NULL, ",", &save))
		offers_codecs[count++] = name;
	offers_codecs[count] = NULL;
	offers_conf = (struct conf){ .ingest_codecs = offers_codecs,
		.ingest_address = offers_addresses,
		.ingest_public_address = offers_no_addresses };
}

static inline int offers_setup(void **state)
{
	offers_want("VP8,VP9,AV1,H264,opus,PCMU,PCMA");
	memset(&offers_open, 0, sizeof(offers_open));
	strcpy(offers_open.participant, "alice");
	strcpy(offers_open.ice.ufrag, "ourufrag");
	strcpy(offers_open.ice.pwd, "our-password-of-24-chars");
	offers_open.port = 3478;
	offers_open.opened_unix_ns = 1700000000000000000;
	offers_why[0] = '\0';
	return 0;
}

static inline int offers_teardown(void **state)
{
	sdp_webrtc_free(offers_offer);
	offers_offer = NULL;
	return 0;
}

static inline int offers_parse_bytes(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1); /* exactly, so that ASan sees a read past it */

	offers_teardown(NULL);
	memcpy(copy, text, len);
	int r = sdp_webrtc_parse(&offers_offer, copy, len, offers_why);
	free(copy);
	return r;
}

static inline int offers_parse(const char *text)
{
	return offers_parse_bytes(text, strlen(text));
}

/* A file of tests/data/sdp; its length. */
static inline size_t offers_load(const char *name, char *ret_text, size_t size)
{
	char path[4096];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/sdp/%s.sdp", getenv("TEST_DATA"), name);
	file = fopen(path, "r");
	if (file) {
		len = fread(ret_text, 1, size, file);
		fclose(file);
	}
	return len;
}

static inline int offers_parse_file(const char *name)
{
	static char text[16384];

	return offers_parse_bytes(text, offers_load(name, text, sizeof(text)));
}

static inline int offers_tracks(void)
{
	return sdp_webrtc_tracks(&offers_open, offers_offer, &offers_conf, offers_why);
}

/* The answer to what was parsed and made into tracks; until the next call. */
static inline const char *offers_answer(void)
{
	static char *answer;

	free(answer);
	answer = sdp_webrtc_answer(offers_offer, &offers_open, &offers_conf, "sha-256 OURS");
	return answer;
}

#endif
