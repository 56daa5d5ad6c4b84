/* SPDX-License-Identifier: BSD-3-Clause */
/* An HTTP server for tests of the API's clients: answers one request after another with what a case wants,
 * and keeps what it was asked. Header only: each test is one source file. */
#ifndef TESTS_UNIT_GEN_HTTP_SERVER_H
#define TESTS_UNIT_GEN_HTTP_SERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_SERVER_REQUESTS 4
#define HTTP_SERVER_BYTES    16384 /* of a request */

struct http_server_answer {
	const char *text;     /* status, a space, the body */
	const char *location; /* NULL: no such header */
};

struct http_server {
	int fd;
	char url[64]; /* with a slash in the end */
	const struct http_server_answer *answers;
	unsigned answer_count;
	pthread_t thread;
	/* To be looked at once it has stopped. */
	unsigned request_count;
	char requests[HTTP_SERVER_REQUESTS][HTTP_SERVER_BYTES];
};

/* Whether head and body are all there. */
static inline bool http_server_is_whole(const char *request, size_t len)
{
	const char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\nContent-Length:");

	return end && len >= (size_t)(end + 4 - request) + (length ? strtoul(length + 17, NULL, 10) : 0);
}

static inline void http_server_send(int fd, const struct http_server_answer *answer)
{
	const char *body = strchr(answer->text, ' ') + 1;
	char head[1024];
	int len = snprintf(head, sizeof(head),
	        "HTTP/1.1 %.3s X\r\nContent-Length: %zu\r\n%s%s%sConnection: close\r\n\r\n", answer->text,
	        strlen(body), answer->location ? "Location: " : "", answer->location ? answer->location : "",
	        answer->location ? "\r\n" : "");

	if (len < 0 || (size_t)len >= sizeof(head))
		abort();
	send(fd, head, (size_t)len, MSG_NOSIGNAL);
	send(fd, body, strlen(body), MSG_NOSIGNAL);
}

static inline void *http_server_run(void *arg)
{
	struct http_server *s = arg;

	for (unsigned i = 0; i < s->answer_count; i++) {
		int fd = accept(s->fd, NULL, NULL);
		char *request = s->requests[i];
		size_t len = 0;

		if (fd < 0)
			break;
		while (len + 1 < HTTP_SERVER_BYTES && !http_server_is_whole(request, len)) {
			ssize_t n = recv(fd, request + len, HTTP_SERVER_BYTES - 1 - len, 0);
			if (n <= 0)
				break;
			len += (size_t)n;
		}
		s->request_count++;
		http_server_send(fd, &s->answers[i]);
		close(fd);
	}
	shutdown(s->fd, SHUT_RDWR);
	return NULL;
}

/* @answers stay the caller's until it has stopped; after the last of them connections are refused. */
static inline void http_server_start(
        struct http_server *s, const struct http_server_answer *answers, unsigned count)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	memset(s, 0, sizeof(*s));
	s->answers = answers;
	s->answer_count = count;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (count > HTTP_SERVER_REQUESTS || bind(s->fd, (struct sockaddr *)&at, len) || listen(s->fd, 1) ||
	        getsockname(s->fd, (struct sockaddr *)&at, &len) ||
	        pthread_create(&s->thread, NULL, http_server_run, s))
		abort();
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
}

/* Whatever it was asked until now. */
static inline void http_server_stop(struct http_server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

#endif
