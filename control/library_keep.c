/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/library_keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/log.h"
#include "control/metrics.h"
#include "control/pair.h"
#include "uploader/retention.h"

#define LIBRARY_KEEP_SCAN_S      600
#define LIBRARY_KEEP_RESCAN_S    10 /* when a scan failed, or a recording could not be taken in */
#define LIBRARY_KEEP_RETENTION_S 30

void library_keep_uploaded(void *arg, const char *name, const struct uploader_status *status)
{
	struct library *library = arg;
	struct library_keep_done *done = calloc(1, sizeof(*done));

	if (!done) {
		log_with(LOG_LEVEL_ERROR, LOG_IDS(.record = name),
		        "library: no memory to note that %s is uploaded; the next scan finds out", name);
		return;
	}
	strcpy(done->name, name);
	done->status = *status;
	pthread_mutex_lock(&library->lock);
	*library->done_last = done;
	library->done_last = &done->next;
	pthread_cond_signal(&library->wake);
	pthread_mutex_unlock(&library->lock);
}

/* Sidecar first, then the row: what a scan would read is what the row says. */
static int library_keep_note(struct library *library, const struct library_keep_done *done)
{
	const struct pair_upload upload = { done->status.key, done->status.etag,
		done->status.finished_unix_ns };
	struct catalogue_row row = { 0 };
	bool bad_sidecar;
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return dir_fd;
	pthread_mutex_lock(&library->pairs);
	int err = pair_stat(dir_fd, done->name, &row.bytes, &row.finished_unix_ns);
	if (!err)
		err = pair_set_upload(dir_fd, done->name, &upload);
	if (!err)
		err = pair_read(dir_fd, done->name, &row, &bad_sidecar);
	if (!err)
		err = catalogue_set_uploaded(library->control->catalogue, done->name, row.sidecar);
	if (err == -ENOENT && row.sidecar) /* not in the catalogue yet */
		err = catalogue_put(library->control->catalogue, &row);
	pthread_mutex_unlock(&library->pairs);
	close(dir_fd);
	catalogue_row_clear(&row);
	return err;
}

static void library_keep_finish_upload(struct library *library, const struct library_keep_done *done)
{
	int err = library_keep_note(library, done);

	if (err == -ENOENT) /* deleted meanwhile */
		return;
	if (err) {
		metrics_add(METRICS_library_errors, 1);
		log_with(LOG_LEVEL_ERROR, LOG_IDS(.record = done->name),
		        "library: cannot note in the sidecar of %s that it is uploaded: %s; its local copy "
		        "stays",
		        done->name, strerror(-err));
	} else if (library->conf->upload_delete_after_upload && library->control->uploader) {
		library_move_out(library, done->name);
	}
}

void library_keep_drain(struct library *library)
{
	for (struct library_keep_done *done; (done = library->done);) {
		library->done = done->next;
		library_keep_finish_upload(library, done);
		free(done);
	}
}

static void library_keep_grow(struct library *library)
{
	struct library_open_file *files;
	unsigned count = library_open_files(library, &files);

	for (unsigned i = 0; i < count; i++) {
		struct uploader_meta meta = { .started_unix_ns = files[i].started_unix_ns };
		strcpy(meta.room, files[i].room);
		strcpy(meta.participant, files[i].participant);
		strcpy(meta.track, files[i].track);
		uploader_growing(library->control->uploader, files[i].name, files[i].bytes, &meta);
	}
	free(files);
}

struct library_keep_list {
	struct library *library;
	struct retention_item *items;
	char (*names)[NAME_BYTES];
	size_t count, size;
	bool failed;
};

static void library_keep_collect(void *arg, const struct catalogue_row *row)
{
	struct library_keep_list *list = arg;

	if (list->count == list->size) {
		size_t size = list->size ? list->size * 2 : 256;
		struct retention_item *items = realloc(list->items, size * sizeof(*items));
		char(*names)[NAME_BYTES] = realloc(list->names, size * sizeof(*names));
		list->items = items ? items : list->items;
		list->names = names ? names : list->names;
		list->failed |= !items || !names;
		if (list->failed)
			return;
		list->size = size;
	}
	list->items[list->count] =
	        (struct retention_item){ .finished_unix_s = row->finished_unix_ns / CLK_NS_PER_S,
		        .bytes = row->bytes,
		        .uploaded = row->uploaded,
		        .held = library_move_holds(list->library, row) };
	strcpy(list->names[list->count++], row->name);
}

static struct retention_rules library_keep_rules(const struct conf *conf)
{
	return (struct retention_rules){ .max_age_s = (uint64_t)conf->record_retention_days * 86400,
		.max_bytes = (uint64_t)conf->record_retention_max_gb << 30,
		.min_free_bytes = (uint64_t)conf->record_retention_min_free_mb << 20,
		.uploads = conf->upload_enabled };
}

static void library_keep_expire(struct library *library)
{
	struct retention_rules rules = library_keep_rules(library->conf);
	struct library_keep_list list = { .library = library };
	struct statvfs fs;

	if (rules.max_age_s && library_clock_holds(library))
		rules.max_age_s = 0;
	if ((!rules.max_age_s && !rules.max_bytes && !rules.min_free_bytes) ||
	        statvfs(library->conf->record_dir, &fs))
		return;
	if (!catalogue_walk(library->control->catalogue, library_keep_collect, &list) && !list.failed)
		retention_mark(list.items, list.count, &rules, clk_wall_ns() / CLK_NS_PER_S,
		        (uint64_t)fs.f_bavail * fs.f_frsize);
	for (size_t i = 0; i < list.count; i++) {
		if (!list.items[i].ret_remove)
			continue;
		int err = library_remove(library, list.names[i], "retention");
		if (!err) {
			metrics_add(METRICS_library_expired, 1);
			log_with(LOG_LEVEL_INFO, LOG_IDS(.record = list.names[i]),
			        "library: %s removed by retention", list.names[i]);
		} else if (err != -ENOENT) {
			metrics_add(METRICS_library_errors, 1);
			log_with(LOG_LEVEL_ERROR, LOG_IDS(.record = list.names[i]),
			        "library: retention cannot remove %s: %s; trying again", list.names[i],
			        strerror(-err));
			break; /* the rest would say the same */
		}
	}
	free(list.items);
	free(list.names);
}

struct library_keep_wishes {
	bool scan, rescan, stop;
};

/* Wait for something to do, a second at most. Returns the uploads that were confirmed. */
static struct library_keep_done *library_keep_wait(
        struct library *library, struct library_keep_wishes *ret_wishes)
{
	uint64_t ns = clk_mono_ns() + CLK_NS_PER_S;
	const struct timespec until = { .tv_sec = (time_t)(ns / CLK_NS_PER_S),
		.tv_nsec = (long)(ns % CLK_NS_PER_S) };

	pthread_mutex_lock(&library->lock);
	if (!library->stopping && !library->scan_wanted && !library->done)
		pthread_cond_timedwait(&library->wake, &library->lock, &until);
	struct library_keep_done *done = library->done;
	library->done = NULL;
	library->done_last = &library->done;
	*ret_wishes = (struct library_keep_wishes){ library->scan_wanted, library->rescan_wanted,
		library->stopping };
	library->scan_wanted = library->rescan_wanted = false;
	pthread_mutex_unlock(&library->lock);
	return done;
}

void *library_keep_run(void *arg)
{
	struct library *library = arg;
	uint64_t next_scan_ns = 0, next_expiry_ns = 0, next_growth_ns = 0;
	struct library_keep_wishes wish = { 0 };

	while (!wish.stop) {
		for (struct library_keep_done *done = library_keep_wait(library, &wish), *next; done;
		        done = next) {
			next = done->next;
			library_keep_finish_upload(library, done);
			free(done);
		}
		uint64_t now_ns = clk_mono_ns();
		if (wish.stop)
			break;
		library_tell_disk(library);
		library_move_let_go(library);
		if (wish.rescan && next_scan_ns > now_ns + LIBRARY_KEEP_RESCAN_S * CLK_NS_PER_S)
			next_scan_ns = now_ns + LIBRARY_KEEP_RESCAN_S * CLK_NS_PER_S;
		if (catalogue_recover(library->control->catalogue) || wish.scan || now_ns >= next_scan_ns) {
			bool failed = library_scan_run(library) != 0;
			next_scan_ns = now_ns +
			               (failed ? LIBRARY_KEEP_RESCAN_S : LIBRARY_KEEP_SCAN_S) * CLK_NS_PER_S;
		}
		if (library->control->uploader && now_ns >= next_growth_ns) {
			library_keep_grow(library);
			next_growth_ns = now_ns + CLK_NS_PER_S;
		}
		if (now_ns >= next_expiry_ns) {
			library_keep_expire(library);
			next_expiry_ns = now_ns + LIBRARY_KEEP_RETENTION_S * CLK_NS_PER_S;
		}
	}
	library_move_forget(library);
	return NULL;
}
