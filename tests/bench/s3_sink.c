/* SPDX-License-Identifier: BSD-3-Clause */
/* The fastest store there can be, for bench_upload.py: it speaks as much S3 as clients of multipart uploads
 * need, on 127.0.0.1, keeps the sizes of objects and throws their bytes away, in the kernel where it can. It
 * verifies nothing, so it judges no client: it only keeps none waiting.
 *
 * usage: s3_sink PORT [CERT KEY]     with both: TLS
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>

#define HEAD_BYTES 16384u
#define BODY_BYTES (256u << 10)
#define OBJECTS    1024u
#define NAME_BYTES 1024u
#define ETAG       "\"0123456789abcdef0123456789abcdef-1\""
#define XMLNS      " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

struct client {
	int fd;
	SSL *ssl; /* NULL: plain */
	char head[HEAD_BYTES + 1];
	size_t used; /* bytes in head, of the body's beginning too */
	char body[BODY_BYTES];
	char method[16], path[NAME_BYTES], query[NAME_BYTES];
	uint64_t length;
	bool expects;
};

static struct {
	pthread_mutex_t lock;
	unsigned count;
	struct {
		char path[NAME_BYTES];
		uint64_t bytes;
	} all[OBJECTS];
} objects = { .lock = PTHREAD_MUTEX_INITIALIZER };

static SSL_CTX *tls;

static ssize_t take(struct client *c, char *buf, size_t size)
{
	return c->ssl ? SSL_read(c->ssl, buf, (int)size) : recv(c->fd, buf, size, 0);
}

/* Of a plain connection the kernel drops the bytes without copying them (MSG_TRUNC, tcp(7)). */
static ssize_t discard(struct client *c, uint64_t want)
{
	size_t size = want < BODY_BYTES ? (size_t)want : BODY_BYTES;

	return c->ssl ? SSL_read(c->ssl, c->body, (int)size) : recv(c->fd, c->body, size, MSG_TRUNC);
}

static bool put(struct client *c, const char *text, size_t len)
{
	while (len) {
		ssize_t n = c->ssl ? SSL_write(c->ssl, text, (int)len) : send(c->fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static bool answer(struct client *c, const char *status, uint64_t length, const char *body)
{
	char text[2048];
	int n = snprintf(text, sizeof(text),
	        "HTTP/1.1 %s\r\nContent-Length: %" PRIu64 "\r\nETag: " ETAG
	        "\r\nContent-Type: application/xml\r\n"
	        "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n%s",
	        status, length, body);

	return put(c, text, (size_t)n);
}

static bool answer_xml(struct client *c, const char *xml)
{
	return answer(c, "200 OK", strlen(xml), xml);
}

/* The entry of the client's path, made when it is missing and @make; NULL: none. Under the lock. */
static uint64_t *find(const char *path, bool make)
{
	unsigned i = 0;

	while (i < objects.count && strcmp(objects.all[i].path, path))
		i++;
	if (i == objects.count && (!make || i == OBJECTS))
		return NULL;
	if (i == objects.count) {
		strcpy(objects.all[i].path, path);
		objects.count++;
	}
	return &objects.all[i].bytes;
}

static void grow(const struct client *c, uint64_t bytes, bool anew)
{
	pthread_mutex_lock(&objects.lock);
	uint64_t *size = find(c->path, true);
	if (size)
		*size = (anew ? 0 : *size) + bytes;
	pthread_mutex_unlock(&objects.lock);
}

static bool answer_head(struct client *c)
{
	pthread_mutex_lock(&objects.lock);
	const uint64_t *size = find(c->path, false);
	uint64_t bytes = size ? *size : 0;
	pthread_mutex_unlock(&objects.lock);
	return size ? answer(c, "200 OK", bytes, "") : answer(c, "404 Not Found", 0, "");
}

/* POST ?uploads begins an object, every PUT of a part adds to it; a PUT without a part is all of it. */
static bool act(struct client *c)
{
	bool part = strstr(c->query, "partNumber=");

	if (!strcmp(c->method, "HEAD"))
		return answer_head(c);
	if (!strcmp(c->method, "PUT")) {
		grow(c, c->length, !part);
		return answer(c, "200 OK", 0, "");
	}
	if (!strcmp(c->method, "DELETE"))
		return answer(c, "204 No Content", 0, "");
	if (!strcmp(c->method, "POST") && !strncmp(c->query, "uploads", 7)) {
		grow(c, 0, true);
		return answer_xml(c, "<InitiateMultipartUploadResult" XMLNS "><Bucket>b</Bucket><Key>k</Key>"
		                     "<UploadId>1</UploadId></InitiateMultipartUploadResult>");
	}
	if (!strcmp(c->method, "POST"))
		return answer_xml(c,
		        "<CompleteMultipartUploadResult" XMLNS "><Location>l</Location><Bucket>b</Bucket>"
		        "<Key>k</Key><ETag>" ETAG "</ETag></CompleteMultipartUploadResult>");
	if (!strncmp(c->query, "uploads", 7))
		return answer_xml(c, "<ListMultipartUploadsResult" XMLNS "><IsTruncated>false</IsTruncated>"
		                     "</ListMultipartUploadsResult>");
	return answer_xml(c, "<LocationConstraint" XMLNS ">us-east-1</LocationConstraint>");
}

/* The head whole in c->head, NUL-terminated in front of the body's beginning; the length of the head, 0:
 * closed. */
static size_t read_head(struct client *c)
{
	char *end;

	for (;;) {
		c->head[c->used] = '\0';
		end = strstr(c->head, "\r\n\r\n");
		if (end)
			break;
		ssize_t n = c->used < HEAD_BYTES ? take(c, c->head + c->used, HEAD_BYTES - c->used) : 0;
		if (n <= 0)
			return 0;
		c->used += (size_t)n;
	}
	end[2] = '\0';
	return (size_t)(end + 4 - c->head);
}

static bool parse_head(struct client *c)
{
	char target[NAME_BYTES];

	c->length = 0;
	c->expects = false;
	c->query[0] = '\0';
	if (sscanf(c->head, "%15s %1023s", c->method, target) != 2)
		return false;
	char *query = strchr(target, '?');
	if (query) {
		*query = '\0';
		strcpy(c->query, query + 1);
	}
	strcpy(c->path, target);
	for (char *line = strstr(c->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		if (!strncasecmp(line + 2, "content-length:", 15))
			c->length = strtoull(line + 17, NULL, 10);
		c->expects |= !strncasecmp(line + 2, "expect:", 7) && strstr(line + 2, "100-");
	}
	return true;
}

/* One request and its answer. */
static bool serve(struct client *c)
{
	size_t head = read_head(c);

	if (!head || !parse_head(c))
		return false;
	if (c->expects && !put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		return false;
	uint64_t have = c->used - head < c->length ? c->used - head : c->length, left = c->length - have;
	c->used -= head + (size_t)have;
	memmove(c->head, c->head + head + have, c->used);
	while (left) {
		ssize_t n = discard(c, left);
		if (n <= 0)
			return false;
		left -= (uint64_t)n;
	}
	return act(c);
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	bool good = !tls || ((c->ssl = SSL_new(tls)) && SSL_set_fd(c->ssl, c->fd) && SSL_accept(c->ssl) == 1);

	while (good && serve(c))
		;
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	return NULL;
}

static void meet(int fd)
{
	struct client *c = calloc(1, sizeof(*c));
	const int one = 1;
	pthread_t thread;

	if (!c) {
		close(fd);
		return;
	}
	c->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!pthread_create(&thread, NULL, client_main, c)) {
		pthread_detach(thread);
		return;
	}
	close(fd);
	free(c);
}

static bool load_tls(const char *cert, const char *key)
{
	tls = SSL_CTX_new(TLS_server_method());
	return tls && SSL_CTX_use_certificate_chain_file(tls, cert) == 1 &&
	       SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: s3_sink PORT [CERT KEY]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	addr.sin_port = htons((uint16_t)atoi(argv[1]));
	if (argc == 4 && !load_tls(argv[2], argv[3])) {
		fprintf(stderr, "s3_sink: %s and %s are no pair in PEM\n", argv[2], argv[3]);
		return 1;
	}
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64)) {
		perror("s3_sink: cannot listen");
		return 1;
	}
	for (int client; (client = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
		meet(client);
	return 0;
}
