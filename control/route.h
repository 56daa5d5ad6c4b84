/* SPDX-License-Identifier: BSD-3-Clause */
/* Every call of the API, one row each: ROUTE(METHOD, "/path/{param}", handler, needs a token, sentence)
 * HEAD goes where GET goes; OPTIONS is answered by the server; an unknown path is 404 not_found, a known one with
 * another method 405 method_not_allowed with Allow. */
#ifndef CONTROL_ROUTE_H
#define CONTROL_ROUTE_H

#include "control/http.h"

#define ROUTE_TABLE(ROUTE) \
	ROUTE(GET, "/api/records", api_records_list, true, "Recordings, newest first.") \
	ROUTE(GET, "/api/records/{name}", api_records_get, true, "A recording's sidecar.") \
	ROUTE(DELETE, "/api/records/{name}", api_records_delete, true, "Remove a recording.") \
	ROUTE(GET, "/records/{name}", api_records_file, true, "The file itself.") \
	ROUTE(POST, "/api/v1/sessions", api_sessions_open, true, "Open an ingest session.") \
	ROUTE(GET, "/api/v1/sessions", api_sessions_list, true, "Sessions with live figures.") \
	ROUTE(GET, "/api/v1/sessions/{id}", api_sessions_get, true, "One session.") \
	ROUTE(DELETE, "/api/v1/sessions/{id}", api_sessions_close, true, "Stop and finalise a session.") \
	ROUTE(POST, "/api/v1/sessions/{id}/key-frame", api_sessions_key_frame, true, "Ask for a key frame.") \
	ROUTE(GET, "/api/v1/uploads", api_uploads_list, true, "Uploads that wait, run or fail.") \
	ROUTE(POST, "/api/v1/uploads/{name}/retry", api_uploads_retry, true, "Try an upload now.") \
	ROUTE(GET, "/api/v1/stats", api_health_stats, true, "Counters as JSON.") \
	ROUTE(GET, "/metrics", api_health_metrics, true, "Counters for Prometheus.") \
	ROUTE(GET, "/healthz", api_health_live, false, "The process answers.") \
	ROUTE(GET, "/readyz", api_health_ready, false, "Dataplane, disk and store are usable.")

#define ROUTE_DECLARE(method, path, handler, ...) http_handler handler;
ROUTE_TABLE(ROUTE_DECLARE)

/* Find the handler of @method and @path and store the decoded parameters; NULL with *ret_status 404 or 405 (then *ret_allow
 * names the methods there are). Parameters hold no '/' and no NUL after decoding. */
http_handler *route_find(const char *method, const char *path, char *ret_params[HTTP_PARAMS], bool *ret_needs_token, int *ret_status, const char **ret_allow);

#endif
