/* SPDX-License-Identifier: BSD-3-Clause */
/* What the control process consists of, handed to every handler. Made by main before the server starts. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

struct conf;
struct catalogue; /* control/catalogue.h: index of recordings (SQLite) */
struct sessions;  /* control/session.h: sessions known, adopted and ended */
struct dataplane; /* control/dataplane.h: client of the dataplane's socket and counters */
struct uploader;  /* uploader/uploader.h; NULL when upload is off */
struct library;   /* control/library.h: what keeps directory, catalogue, uploader and retention in step */

struct control {
	const struct conf *conf;
	struct catalogue *catalogue;
	struct sessions *sessions;
	struct dataplane *dataplane;
	struct uploader *uploader;
	struct library *library;
};

#endif
