/* SPDX-License-Identifier: BSD-3-Clause */
/* Every call of the API, one row each: ROUTE(METHOD, "/path/{param}", handler, access, types of its body, sentence)
 * access: FREE (nobody asks who it is), LIVE (the same, and answered by the server's own thread: it must not wait, and
 * waits for no handler that does), TOKEN (one of api_tokens, where there are any), ROOM (the same, or one of
 * whip_tokens that is good for the room, which is the path's first parameter), ROOMS (the same, or any of whip_tokens: the
 * handler shows no more than the rooms that it is good for).
 * HEAD goes where GET goes; OPTIONS is answered by the server, with the types of bodies; an unknown path is 404
 * not_found, a known one with another method 405 method_not_allowed with Allow. */
#ifndef CONTROL_ROUTE_H
#define CONTROL_ROUTE_H

#include "control/http.h"

#define ROUTE_TABLE(ROUTE) \
	ROUTE(GET, "/api/records", api_records_list, TOKEN, "", "Recordings, newest first.") \
	ROUTE(GET, "/api/records/{name}", api_records_get, TOKEN, "", "A recording's sidecar.") \
	ROUTE(DELETE, "/api/records/{name}", api_records_delete, TOKEN, "", "Remove a recording.") \
	ROUTE(GET, "/records/{name}", api_records_file, TOKEN, "", "The file itself.") \
	ROUTE(POST, "/api/v1/sessions", api_sessions_open, TOKEN, "application/json, application/sdp", "Open an ingest session.") \
	ROUTE(GET, "/api/v1/sessions", api_sessions_list, TOKEN, "", "Sessions with live figures.") \
	ROUTE(GET, "/api/v1/sessions/{id}", api_sessions_get, TOKEN, "", "One session.") \
	ROUTE(DELETE, "/api/v1/sessions/{id}", api_sessions_close, TOKEN, "", "Stop and finalise a session.") \
	ROUTE(POST, "/api/v1/sessions/{id}/key-frame", api_sessions_key_frame, TOKEN, "", "Ask for a key frame.") \
	ROUTE(POST, "/whip/{room}", api_whip_publish, ROOM, "application/sdp", "Publish by WebRTC (WHIP, RFC 9725).") \
	ROUTE(PATCH, "/whip/{room}/{id}", api_whip_patch, ROOM, "application/trickle-ice-sdpfrag", "Trickle ICE, or restart it.") \
	ROUTE(DELETE, "/whip/{room}/{id}", api_whip_end, ROOM, "", "Stop publishing, finalise.") \
	ROUTE(GET, "/publish", api_publish, FREE, "", "A page to publish with a camera, where control.publish_page is on.") \
	ROUTE(GET, "/api/v1/uploads", api_uploads_list, TOKEN, "", "Uploads that wait, run or fail.") \
	ROUTE(POST, "/api/v1/uploads/{name}/retry", api_uploads_retry, TOKEN, "", "Try an upload now.") \
	ROUTE(GET, "/api/v1/events", api_events, ROOMS, "", "What happens, as it happens (server-sent events).") \
	ROUTE(GET, "/api/v1/stats", api_health_stats, TOKEN, "", "Counters as JSON.") \
	ROUTE(GET, "/metrics", api_health_metrics, TOKEN, "", "Counters for Prometheus.") \
	ROUTE(GET, "/healthz", api_health_live, LIVE, "", "The process answers.") \
	ROUTE(GET, "/readyz", api_health_ready, FREE, "", "Dataplane, disk, store and catalogue are usable.")

#define ROUTE_DECLARE(method, path, handler, ...) http_handler handler;
ROUTE_TABLE(ROUTE_DECLARE)

#define ROUTE_ALLOW_BYTES 64

enum route_access { ROUTE_FREE, ROUTE_LIVE, ROUTE_TOKEN, ROUTE_ROOM, ROUTE_ROOMS };

/* Find the handler of @method and @path and store the decoded parameters, the caller's to free; NULL with *ret_status 404
 * or 405 (then @ret_allow names the methods there are). Parameters hold no '/' and no NUL after decoding. */
http_handler *route_find(const char *method, const char *path, char *ret_params[HTTP_PARAMS], enum route_access *ret_access,
        int *ret_status, char ret_allow[ROUTE_ALLOW_BYTES]);

/* Which row of the table is @handler's. */
unsigned route_row(http_handler *handler);

/* The types of the body that @method takes at @path; "": none, or there is no such row. */
const char *route_types(const char *method, const char *path);

#endif
