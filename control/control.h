/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control process consists of, handed to every handler. Made by main before the server starts. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

struct conf;
struct catalogue; /* control/catalogue.h: index of recordings (SQLite) */
struct sessions;  /* control/session.h: sessions known, adopted and ended */
struct dataplane; /* control/dataplane.h: client of the dataplane's socket and counters */
struct uploader;  /* uploader/uploader.h; NULL when upload is off */
struct webrtc;    /* control/webrtc.h: WebRTC sessions: answers, DTLS */
struct audit;     /* control/audit.h: whether every packet is accounted for */
struct budget;    /* control/budget.h: what the machine has left for new sessions; NULL: as much as wanted */
struct library;   /* control/library.h: what keeps directory, catalogue, uploader and retention in step */
struct events;    /* control/events.h: what has happened lately; NULL: nobody is told */

struct control {
	const struct conf *conf;
	struct catalogue *catalogue;
	struct sessions *sessions;
	struct dataplane *dataplane;
	struct uploader *uploader;
	struct webrtc *webrtc;
	struct library *library;
	struct audit *audit;
	struct budget *budget;
	struct events *events;
};

#endif
