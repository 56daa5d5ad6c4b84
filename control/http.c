/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/limits.h"
#include "base/log.h"
#include "control/auth.h"
#include "control/control.h"
#include "control/http_request.h"
#include "control/http_worker.h"
#include "control/json_text.h"
#include "control/listen.h"
#include "control/metrics.h"
#include "control/route.h"
#include "control/times.h"

#define HTTP_CONNECTIONS 1024u
#define HTTP_IDLE_S      60u
#define HTTP_PEM_BYTES   (1 << 20)
#define HTTP_STOP_MS     5000 /* how long downloads may go on after the stop */
#define HTTP_DISCARD_BYTES                                                                                   \
	(16u << 20) /* of a refused body that are read so that its sender gets to see why */
#define HTTP_TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct control *http_control(const struct http_request *req)
{
	return req->http->control;
}

const char *http_path(const struct http_request *req)
{
	return req->path;
}

const char *http_param(const struct http_request *req, unsigned index)
{
	return index < HTTP_PARAMS ? req->params[index] : NULL;
}

const char *http_query(const struct http_request *req, const char *key)
{
	return query_get(req->pairs, req->pair_count, key);
}

const char *http_header(const struct http_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

int http_rooms(const struct http_request *req, const char ***ret_rooms)
{
	return auth_rooms(req->http->auth, http_header(req, "Authorization"), ret_rooms);
}

const char *http_body(const struct http_request *req, size_t *ret_len)
{
	*ret_len = req->body_len;
	return req->body ? req->body : "";
}

json_t *http_body_json(struct http_request *req)
{
	char why[JSON_TEXT_WHY_BYTES];
	json_t *json = json_text_parse(req->body ? req->body : "", req->body_len, LIMIT_JSON_DEPTH, why);

	if (json && json_is_object(json))
		return json;
	http_answer_error(req, 400, "bad_json", "%s", json ? "The body has to be a JSON object." : why);
	json_decref(json);
	return NULL;
}

/* Called first of all, with the request line's target as it came. */
static void *http_on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct http *http = cls;
	struct http_request *req = calloc(1, sizeof(*req));

	if (!req || !(req->path = strdup(uri))) {
		free(req);
		return NULL;
	}
	req->query = strchr(req->path, '?');
	if (req->query)
		*req->query++ = '\0';
	else
		req->query = req->path + strlen(req->path);
	req->http = http;
	req->connection = connection;
	req->method = "";
	req->begun_ns = clk_mono_ns();
	metrics_add(METRICS_http_requests_active, 1);
	return req;
}

static void http_on_completed(
        void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode code)
{
	struct http_request *req = *con_cls;
	struct http *http = cls;

	if (!req)
		return;
	*con_cls = NULL;
	uint64_t took_ns = clk_mono_ns() - req->begun_ns;
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && req->status >= 200)
		metrics_add(METRICS_http_requests_2xx + (unsigned)req->status / 100 - 2, 1);
	else
		metrics_add(METRICS_http_requests_aborted, 1);
	metrics_add(METRICS_http_requests_active, -1);
	metrics_add(METRICS_http_busy_ns, (int64_t)took_ns);
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && req->handler && !req->is_stream)
		times_add_http(route_row(req->handler), took_ns);
	log_debug("http: %s %s %d%s, %.1f ms", req->method, req->path, req->status,
	        code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " (cut off)", (double)took_ns / 1e6);
	http_answer_free(req);
	for (unsigned i = 0; i < HTTP_PARAMS; i++)
		free(req->params[i]);
	if (req->body)
		explicit_bzero(req->body, req->body_size); /* it may hold keys */
	free(req->body);
	if (req->is_whole)
		__atomic_fetch_sub(&http->active, 1, __ATOMIC_RELEASE);
	free(req->path);
	free(req);
}

/* The request has been received as far as it is wanted: from now on a stop waits for it. */
static void http_receive_whole(struct http_request *req)
{
	if (!req->is_whole)
		__atomic_fetch_add(&req->http->active, 1, __ATOMIC_RELAXED);
	req->is_whole = true;
}

/* Keep a piece of the body; what a refused request still sends is read and thrown away, up to a bound. */
static enum MHD_Result http_collect(struct http_request *req, const char *data, size_t len)
{
	if (!req->response && req->body_len + len > LIMIT_HTTP_BODY_BYTES)
		http_answer_error(
		        req, 413, "too_large", "The body may have %d bytes at most.", LIMIT_HTTP_BODY_BYTES);
	if (req->response) {
		req->discarded_bytes += len;
		return req->discarded_bytes <= HTTP_DISCARD_BYTES ? MHD_YES : MHD_NO;
	}
	if (req->body_len + len + 1 > req->body_size) {
		size_t size = (req->body_len + len + 1) * 2;
		char *body = malloc(size);
		if (!body)
			return MHD_NO;
		if (req->body) {
			memcpy(body, req->body, req->body_len);
			explicit_bzero(req->body, req->body_size);
			free(req->body);
		}
		req->body = body;
		req->body_size = size;
	}
	memcpy(req->body + req->body_len, data, len);
	req->body_len += len;
	req->body[req->body_len] = '\0';
	return MHD_YES;
}

/* Whether the answer to a refused request goes out before its body was read: the client asked first, or it is
 * too much. */
static bool http_refuses_early(const struct http_request *req)
{
	const char *length = http_header(req, "Content-Length");

	return http_header(req, "Expect") || (length && strtoull(length, NULL, 10) > HTTP_DISCARD_BYTES);
}

static enum MHD_Result http_on_access(void *cls, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *data, size_t *len, void **con_cls)
{
	struct http_request *req = *con_cls;

	if (!req)
		return MHD_NO;
	if (req->stage == HTTP_STAGE_NEW) {
		req->stage = HTTP_STAGE_COLLECTING;
		req->method = method;
		http_begin(req);
		if (!req->response || !http_refuses_early(req))
			return MHD_YES;
	} else if (*len > 0) {
		size_t got = *len;
		*len = 0;
		return http_collect(req, data, got);
	} else if (!req->response && __atomic_load_n(&req->http->stopping, __ATOMIC_ACQUIRE)) {
		http_answer_error(req, 503, "stopping", "The server is being stopped.");
	} else if (!req->response && req->is_live) {
		req->handler(req);
	} else if (!req->response) {
		http_receive_whole(req);
		http_worker_push(req->http->worker, req);
		return MHD_YES;
	}
	http_receive_whole(req);
	return MHD_queue_response(connection, (unsigned)req->status, req->response);
}

/* The target stays as it came: the route decodes each part, the query each value (query.h). */
static size_t http_on_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

static void http_on_log(void *cls, const char *format, va_list args)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("http: %s", line);
}

/* A whole small file as text, or NULL with errno. */
static char *http_read_pem(const char *path)
{
	struct stat st;
	char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && (st.st_size > HTTP_PEM_BYTES || !S_ISREG(st.st_mode)))
		errno = EFBIG;
	else if ((text = calloc(1, (size_t)st.st_size + 1)) &&
	         read(fd, text, (size_t)st.st_size) != st.st_size) {
		free(text);
		text = NULL;
	}
	close(fd);
	return text;
}

static int http_load_tls(struct http *http)
{
	const struct conf *conf = http->conf;

	if (!*conf->control_tls_cert)
		return 0;
	http->tls_cert = http_read_pem(conf->control_tls_cert);
	if (!http->tls_cert) {
		log_error(
		        "http: cannot read control.tls_cert %s: %s", conf->control_tls_cert, strerror(errno));
		return -EACCES;
	}
	http->tls_key = http_read_pem(conf->control_tls_key);
	if (!http->tls_key) {
		log_error("http: cannot read control.tls_key %s: %s", conf->control_tls_key, strerror(errno));
		return -EACCES;
	}
	return 0;
}

static int http_listen(const struct http *http)
{
	const char *listen = http->conf->control_listen;
	struct conf_addr addr;
	uint16_t port;

	if (conf_listen_parse(listen, &addr, &port)) {
		log_error("http: control.listen %s is not an address and port", listen);
		return -EINVAL;
	}
	if (!auth_needed(http->auth) && !conf_addr_is_loopback(&addr)) {
		log_error("http: refusing to listen on %s without control.api_tokens: anyone could record "
		          "and delete",
		        listen);
		return -EACCES;
	}
	if (!auth_needed(http->auth) && *http->conf->control_whip_tokens)
		log_warn("http: control.whip_tokens without control.api_tokens: the rest of the API asks "
		         "nobody for a token, also not those who come by a proxy on this machine");
	int fd = listen_open(&addr, port);
	if (fd < 0)
		log_error("http: cannot listen on %s: %s", listen, strerror(-fd));
	return fd;
}

static int http_start(struct http *http, int listen_fd)
{
	unsigned threads = (unsigned)http->conf->control_http_threads;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem options[8] = { 0 };
	unsigned count = 0;

	if (threads > 1)
		options[count++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, threads, NULL };
	if (http->tls_cert) {
		flags |= MHD_USE_TLS;
		options[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, http->tls_cert };
		options[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, http->tls_key };
		options[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(uintptr_t)HTTP_TLS_PRIORITIES };
	}
	options[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_on_access, http,
	        MHD_OPTION_EXTERNAL_LOGGER, http_on_log, NULL, MHD_OPTION_LISTEN_SOCKET, listen_fd,
	        MHD_OPTION_URI_LOG_CALLBACK, http_on_uri, http, MHD_OPTION_UNESCAPE_CALLBACK,
	        http_on_unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, http,
	        MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S,
	        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (http->daemon)
		return 0;
	log_error("http: the server does not start%s",
	        http->tls_cert ? "; are control.tls_cert and control.tls_key a pair in PEM?" : "");
	return -EIO;
}

int http_create(struct http **ret_http, struct control *control)
{
	struct http *http = calloc(1, sizeof(*http));
	int listen_fd = -1, err;

	if (!http) {
		log_error("http: no memory");
		return -ENOMEM;
	}
	http->control = control;
	http->conf = control->conf;
	err = auth_create(&http->auth, http->conf->control_api_tokens, http->conf->control_whip_tokens);
	if (!err)
		err = http_worker_create(&http->worker, (unsigned)http->conf->control_http_threads);
	if (err)
		log_error("http: cannot set up: %s", strerror(-err));
	if (!err)
		err = http_load_tls(http);
	if (!err)
		err = listen_fd = http_listen(http);
	if (err >= 0)
		err = http_start(http, listen_fd);
	if (err) {
		if (listen_fd >= 0)
			close(listen_fd);
		http_free(http);
		return err;
	}
	log_info("http: listening on %s, port %u%s", http->conf->control_listen, listen_port(listen_fd),
	        http->tls_cert ? ", TLS" : "");
	*ret_http = http;
	return 0;
}

/* No new connections and calls; those under way end by themselves, downloads within HTTP_STOP_MS. Returns the
 * listening socket, which refuses from now on: it may be closed once the server's threads, which still take
 * it out of their epolls, have ended. */
static MHD_socket http_drain(struct http *http)
{
	const struct timespec tick = { .tv_nsec = 10 * CLK_NS_PER_MS };
	MHD_socket listen_fd = MHD_quiesce_daemon(http->daemon);

	if (listen_fd != MHD_INVALID_SOCKET)
		shutdown(listen_fd, SHUT_RDWR);
	__atomic_store_n(&http->stopping, true, __ATOMIC_RELEASE);
	for (int ms = 0; ms < HTTP_STOP_MS && __atomic_load_n(&http->active, __ATOMIC_ACQUIRE); ms += 10)
		nanosleep(&tick, NULL);
	return listen_fd;
}

void http_free(struct http *http)
{
	MHD_socket listen_fd = MHD_INVALID_SOCKET;

	if (!http)
		return;
	if (http->daemon)
		listen_fd = http_drain(http);
	http_worker_free(http->worker); /* every suspended connection has been resumed after this */
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	if (listen_fd != MHD_INVALID_SOCKET)
		close(listen_fd);
	auth_free(http->auth);
	free(http->tls_cert);
	if (http->tls_key)
		explicit_bzero(http->tls_key, strlen(http->tls_key));
	free(http->tls_key);
	free(http);
}
