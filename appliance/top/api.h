/* SPDX-License-Identifier: BSD-3-Clause */
/* What control's HTTP API knows that the counters do not: names, uploads, readiness, events; and what it can
 * be asked to do. It is asked no more than is shown, by pages, and never waited for: control may be away. One
 * thread. */
#ifndef APPLIANCE_TOP_API_H
#define APPLIANCE_TOP_API_H

#include <stdbool.h>
#include <stdint.h>
#include "appliance/top/eventlog.h"
#include "appliance/top/names.h"
#include "appliance/top/options.h"
#include "appliance/top/uploads.h"

#define API_WHY_BYTES 512

enum api_state { API_UNKNOWN, API_UP, API_DOWN, API_REFUSED };

struct api_wants {
	bool uploads; /* the list of uploads */
	bool names;   /* tracks are shown whose names are not known */
	bool events;  /* the feed */
};

struct api;

/* @log gets the feed's events and stays the caller's. 0, -ENOMEM or -EINVAL. */
int api_create(struct api **ret_api, const struct options *options, struct eventlog *log);
void api_free(struct api *api);

/* Where names go; the caller's, NULL for none. Given anew they are asked for from the first page on. */
void api_set_names(struct api *api, struct names *names);

/* Start the requests that are due. */
void api_tick(struct api *api, uint64_t mono_ns, const struct api_wants *wants);
/* Let requests go on: fetch_wait. */
bool api_wait(struct api *api, const int *fds, unsigned count, int timeout_ms);
enum api_state api_state(const struct api *api);
const char *api_why(const struct api *api); /* it is down or refuses; "" */
const char *api_url(const struct api *api);
const struct uploads *api_uploads(const struct api *api);
/* What /readyz finds fault with, a line each; "" when ready or not known. */
const char *api_not_ready(const struct api *api);
bool api_has_feed(const struct api *api);

/* Ask control for something: "DELETE" "/api/v1/sessions/{id}". One at a time: -EBUSY, -ENOMEM or 0. What
 * became of it is api_outcome's, in a sentence that begins with @what. */
int api_act(struct api *api, const char *method, const char *path, const char *what);
bool api_is_acting(const struct api *api);
const char *api_outcome(const struct api *api);
/* It has been read; one that is still under way stays. */
void api_forget_outcome(struct api *api);

#endif
