/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of wirespool-control's HTTP API. Main thread.
 *
 * client_ask and client_fetch return what came; the others tell on standard error what went wrong, by the
 * server's own words where it has some, and return only whether it did. */
#ifndef TOOLS_WIRESPOOL_CLIENT_H
#define TOOLS_WIRESPOOL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "tools/wirespool/target.h"

struct client;

#define CLIENT_WHY_BYTES 512

struct client_answer {
	long status;  /* 0: none came, and why says the reason */
	json_t *json; /* NULL: it was none; the caller's to release */
	char *next;   /* path of the next page, to be freed; NULL: there is none */
	char why[CLIENT_WHY_BYTES];
};

/* @target must outlive the client. 0 or -ENOMEM. */
int client_create(struct client **ret_client, const struct target *target);
void client_free(struct client *client);

/* How long a call may take, 120 s unless this says otherwise: stopping a session waits for its files. */
void client_set_patience(struct client *client, long seconds);
const char *client_url(const struct client *client);

/* One call. 0, or -EIO when no answer came: why says the reason. */
int client_ask(struct client *client, const char *method, const char *path, struct client_answer *ret_answer);
void client_answer_clear(struct client_answer *answer);

/* What was wrong with an answer that was not as wished, as a line on standard error. */
void client_tell(const struct client *client, const struct client_answer *answer, const char *what);

/* The JSON of a good answer, to be released; NULL: told, as "@what: …". */
json_t *client_call(struct client *client, const char *method, const char *path, const char *what);

/* Every row of a list, page by page, at most @limit (0: all). @row is lent; @page comes after each page.
 * False: told. */
bool client_list(struct client *client, const char *path, unsigned long limit,
        void (*row)(void *arg, json_t *row), void (*page)(void *arg), void *arg);

/* A file's bytes, in pieces; another number than @len gives it up. */
typedef size_t client_sink_fn(void *arg, const void *bytes, size_t len);
struct client_fetch {
	const char *path;
	uint64_t from;           /* bytes before it are there already */
	const char *last_event;  /* header Last-Event-ID; NULL: none */
	bool endless;            /* an event stream: no end is expected, and silence is no failure */
	bool (*stop)(void *arg); /* asked about once a second; NULL: never */
	client_sink_fn *sink;    /* called with the bytes of a 200 alone; where from is set, of a 206 */
	void *arg;
};
/* @ret_answer has the status, and why it ended early, else "". 0, or -EIO: it did not come whole. */
int client_fetch(struct client *client, const struct client_fetch *fetch, struct client_answer *ret_answer);

/* "@prefix@name@suffix" with @name percent-encoded, to be freed; aborts when there is no memory. */
char *client_path(const char *prefix, const char *name, const char *suffix);

/* Create by @args, told when that fails: NULL. *ret_target is to be freed after the client. */
struct client *client_open(struct target *ret_target, const struct args *args);

/* GET "@prefix@word" of the only word of @args, and have @print show what came: the exit code. */
int client_show_word(
        const struct args *args, const char *prefix, void (*print)(const struct args *args, json_t *json));

/* Open a client and call @one for every word of @args: the exit code of them all. */
int client_each_word(const struct args *args,
        bool (*one)(struct client *client, const char *word, const struct args *args));

#endif
