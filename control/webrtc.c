/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/webrtc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf.h"
#include "base/id.h"
#include "base/log.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/dtls.h"
#include "control/session.h"

struct webrtc {
	struct control *control;
	struct dtls *dtls;
};

/* @count characters of five random bits each and a terminator. RFC 8839 section 5.4 allows '+' and '/', too,
 * but not everybody who passes them on is careful. */
static void make_text(char *ret_text, unsigned count)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

	id_random(ret_text, count);
	for (unsigned i = 0; i < count; i++)
		ret_text[i] = alphabet[(uint8_t)ret_text[i] & 31];
	ret_text[count] = '\0';
}

/* RFC 8445 section 5.3: at least 24 bits of randomness, and 128. */
static void make_credentials(struct msg_ice *ice)
{
	make_text(ice->ufrag, MSG_UFRAG_BYTES);
	make_text(ice->pwd, LIMIT_ICE_PWD_BYTES);
}

/* DTLS's events, on its thread. */

static void on_send(void *arg, const char *session, const uint8_t *bytes, size_t len)
{
	struct webrtc *w = arg;
	union msg msg;

	msg.DTLS_OUT_ = (struct msg_datagram){ .len = (uint16_t)len };
	snprintf(msg.DTLS_OUT_.id, sizeof(msg.DTLS_OUT_.id), "%s", session);
	memcpy(msg.DTLS_OUT_.bytes, bytes, len);
	dataplane_send(w->control->dataplane, &msg, MSG_DTLS_OUT); /* what gets lost is sent again */
}

static void on_keyed(void *arg, const char *session, enum profile profile,
        const uint8_t key[PROFILE_KEY_BYTES], const uint8_t send_key[PROFILE_KEY_BYTES])
{
	struct webrtc *w = arg;

	log_with(LOG_LEVEL_INFO, LOG_IDS(.session = session), "session %s: dtls: connected, %s", session,
	        profile_info(profile)->name);
	sessions_keyed(w->control->sessions, session, profile, key, send_key);
}

static void on_closed(void *arg, const char *session, bool failed, const char *reason)
{
	char text[LIMIT_REASON_BYTES + 1];
	struct webrtc *w = arg;

	if (!failed) {
		sessions_close(w->control->sessions, session, reason, 0);
		return;
	}
	snprintf(text, sizeof(text), "dtls: %.150s", reason);
	log_with(LOG_LEVEL_WARN, LOG_IDS(.session = session), "session %s: %s; it is closed", session, text);
	sessions_fail(w->control->sessions, session, text);
}

/* With the sessions' lock. */
static void on_session_end(void *arg, const char *session)
{
	struct webrtc *w = arg;

	dtls_close(w->dtls, session);
}

int webrtc_create(struct webrtc **ret_webrtc, struct control *control)
{
	struct webrtc *w = calloc(1, sizeof(*w));
	const struct dtls_events events = {
		.send = on_send, .keyed = on_keyed, .closed = on_closed, .arg = w
	};
	int r;

	if (!w) {
		log_error("webrtc: no memory");
		return -ENOMEM;
	}
	w->control = control;
	r = dtls_create(&w->dtls, control->conf, &events);
	if (r) {
		free(w);
		return r;
	}
	sessions_on_webrtc_end(control->sessions, on_session_end, w);
	*ret_webrtc = w;
	return 0;
}

void webrtc_free(struct webrtc *w)
{
	if (!w)
		return;
	sessions_on_webrtc_end(w->control->sessions, NULL, NULL);
	dtls_free(w->dtls);
	free(w);
}

static int refuse(char *ret_why, int error, const char *why)
{
	snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s", why);
	return error;
}

/* Have DTLS wait for the peer of @open. */
static int expect(struct webrtc *w, const struct sdp_webrtc_offer *offer, const struct msg_session_open *open,
        char ret_fingerprint[DTLS_FINGERPRINT_TEXT], char *ret_why)
{
	struct dtls_fingerprint peers[SDP_WEBRTC_FINGERPRINTS];
	unsigned count = sdp_webrtc_fingerprints(offer, peers);
	int r = dtls_open(w->dtls, open->id, peers, count, ret_fingerprint);

	switch (r) {
	case 0:
		return 0;
	case -ENOSPC:
		return refuse(ret_why, r, "too many DTLS handshakes are under way");
	case -EINVAL:
		return refuse(ret_why, r, "the offer names no certificate that is taken");
	default:
		return refuse(ret_why, r, strerror(-r));
	}
}

/* DTLS first: when the dataplane knows the session, its peer may be there at once. */
static int open_session(struct webrtc *w, const struct sdp_webrtc_offer *offer, struct msg_session_open *open,
        char ret_fingerprint[DTLS_FINGERPRINT_TEXT], char *ret_why)
{
	int r = expect(w, offer, open, ret_fingerprint, ret_why);

	if (r)
		return r;
	r = sessions_open(w->control->sessions, open, ret_why);
	if (r)
		dtls_close(w->dtls, open->id);
	return r;
}

int webrtc_open(struct webrtc *w, const struct sdp_webrtc_offer *offer, struct msg_session_open *open,
        char **ret_answer, char ret_why[LIMIT_REASON_BYTES + 1])
{
	const struct conf *conf = w->control->conf;
	char fingerprint[DTLS_FINGERPRINT_TEXT];
	char *answer;
	int r;

	ret_why[0] = '\0';
	r = sdp_webrtc_tracks(open, offer, conf, ret_why);
	if (r)
		return r;
	id_make(open->id, sizeof(open->id), "s_");
	open->transport = MSG_TRANSPORT_WEBRTC;
	open->port = (uint16_t)conf->ingest_webrtc_port;
	open->addr = (struct msg_addr){ 0 };
	make_credentials(&open->ice);
	r = open_session(w, offer, open, fingerprint, ret_why);
	if (r)
		return r;
	answer = sdp_webrtc_answer(offer, open, conf, fingerprint);
	if (!answer) {
		sessions_close(w->control->sessions, open->id, "its opener could not be answered", 0);
		return refuse(ret_why, -ENOMEM, "no memory");
	}
	*ret_answer = answer;
	return 0;
}

int webrtc_restart(struct webrtc *w, const char *session, const char *remote_ufrag, struct msg_ice *ret_ice,
        char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct msg_ice ice = { 0 };
	int r;

	if (strlen(remote_ufrag) > LIMIT_ICE_UFRAG_BYTES)
		return refuse(ret_why, -EINVAL, "ice-ufrag: too long");
	make_credentials(&ice);
	snprintf(ice.remote_ufrag, sizeof(ice.remote_ufrag), "%s", remote_ufrag);
	r = sessions_restart_ice(w->control->sessions, session, &ice, ret_why);
	if (r)
		return r;
	log_with(LOG_LEVEL_INFO, LOG_IDS(.session = session), "session %s: ICE is restarted", session);
	*ret_ice = ice;
	return 0;
}

int webrtc_ice(struct webrtc *w, const char *session, struct msg_ice *ret_ice)
{
	return sessions_ice(w->control->sessions, session, ret_ice);
}

void webrtc_on_datagram(struct webrtc *w, const struct msg_datagram *datagram)
{
	dtls_input(w->dtls, datagram->id, datagram->bytes, datagram->len);
}
