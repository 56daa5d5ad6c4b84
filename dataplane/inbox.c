/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct inbox {
	int fd;
	pthread_mutex_t lock;
	struct inbox_item *first, **last;
};

int inbox_create(struct inbox **ret_inbox)
{
	struct inbox *inbox = calloc(1, sizeof(*inbox));
	int error;

	if (!inbox)
		return -ENOMEM;
	pthread_mutex_init(&inbox->lock, NULL);
	inbox->last = &inbox->first;
	inbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (inbox->fd < 0) {
		error = -errno;
		inbox_free(inbox);
		return error;
	}
	*ret_inbox = inbox;
	return 0;
}

void inbox_free(struct inbox *inbox)
{
	struct inbox_item *item, *next;

	if (!inbox)
		return;
	for (item = inbox->first; item; item = next) {
		next = item->next;
		free(item);
	}
	if (inbox->fd >= 0)
		close(inbox->fd);
	pthread_mutex_destroy(&inbox->lock);
	free(inbox);
}

/* A report must not get lost: a session would never end. So memory is waited for, which a filer's thread may
 * do. */
static struct inbox_item *make_item(enum inbox_kind kind)
{
	struct inbox_item *item;

	while (!(item = calloc(1, sizeof(*item))))
		usleep(10000);
	item->kind = kind;
	return item;
}

static void post(struct inbox *inbox, struct inbox_item *item)
{
	pthread_mutex_lock(&inbox->lock);
	*inbox->last = item;
	inbox->last = &item->next;
	pthread_mutex_unlock(&inbox->lock);
	/* Fails only when the counter is full, and then it is readable. */
	(void)!eventfd_write(inbox->fd, 1);
}

static void on_file(void *arg, const struct msg_file_state *file)
{
	struct inbox_item *item = make_item(INBOX_FILE);

	item->file = *file;
	post(arg, item);
}

static void on_track_failed(void *arg, struct track *track, const char *why)
{
	struct inbox_item *item = make_item(INBOX_TRACK_FAILED);

	item->cookie = track_cfg(track)->cookie;
	snprintf(item->why, sizeof(item->why), "%s", why);
	post(arg, item);
}

static void on_track_closed(void *arg, void *cookie, int status)
{
	struct inbox_item *item = make_item(INBOX_TRACK_CLOSED);

	item->cookie = cookie;
	item->status = status;
	post(arg, item);
}

struct writer_events inbox_events(struct inbox *inbox)
{
	return (struct writer_events){
		.on_file = on_file,
		.on_track_failed = on_track_failed,
		.on_track_closed = on_track_closed,
		.arg = inbox,
	};
}

int inbox_fd(const struct inbox *inbox)
{
	return inbox->fd;
}

unsigned inbox_poll(struct inbox *inbox, void (*take)(void *arg, const struct inbox_item *item), void *arg)
{
	struct inbox_item *item, *next;
	eventfd_t value;
	unsigned count = 0;

	(void)!eventfd_read(inbox->fd, &value);
	pthread_mutex_lock(&inbox->lock);
	item = inbox->first;
	inbox->first = NULL;
	inbox->last = &inbox->first;
	pthread_mutex_unlock(&inbox->lock);
	for (; item; item = next, count++) {
		next = item->next;
		take(arg, item);
		free(item);
	}
	return count;
}
