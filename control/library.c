/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/log.h"
#include "control/library_keep.h"
#include "control/metrics.h"
#include "control/pair.h"
#include "control/session.h"

int library_create(struct library **ret_library, struct control *control)
{
	struct library *library = calloc(1, sizeof(*library));
	const struct uploader_cfg uploads = { .conf = control->conf,
		.on_done = library_keep_uploaded,
		.on_news = library_tell_upload,
		.arg = library };
	pthread_condattr_t attr;
	int err;

	if (!library) {
		log_error("library: no memory");
		return -ENOMEM;
	}
	library->control = control;
	library->conf = control->conf;
	library->created_unix_ns = clk_wall_ns();
	library->scan_wanted = true;
	library->done_last = &library->done;
	pthread_mutex_init(&library->pairs, NULL);
	pthread_mutex_init(&library->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&library->wake, &attr);
	pthread_condattr_destroy(&attr);
	err = growing_create(&library->growing);
	if (err)
		log_error("library: no memory");
	if (!err && control->conf->upload_enabled)
		err = uploader_create(&control->uploader, &uploads);
	if (!err) {
		err = -pthread_create(&library->thread, NULL, library_keep_run, library);
		library->running = !err;
		if (err)
			log_error("library: no thread: %s", strerror(-err));
	}
	if (err) {
		library_free(library);
		return err;
	}
	*ret_library = library;
	return 0;
}

void library_free(struct library *library)
{
	if (!library)
		return;
	if (library->running) {
		pthread_mutex_lock(&library->lock);
		library->stopping = true;
		pthread_cond_signal(&library->wake);
		pthread_mutex_unlock(&library->lock);
		pthread_join(library->thread, NULL);
	}
	uploader_free(library->control->uploader);
	library->control->uploader = NULL;
	library_keep_drain(library);
	growing_free(library->growing);
	pthread_cond_destroy(&library->wake);
	pthread_mutex_destroy(&library->lock);
	pthread_mutex_destroy(&library->pairs);
	free(library);
}

void library_dataplane_up(struct library *library)
{
	library->listing = true;
	growing_clear(library->growing);
}

void library_dataplane_listed(struct library *library)
{
	library->listing = false;
	library->listed = true;
	growing_settle(library->growing);
	library_scan(library);
}

void library_scan(struct library *library)
{
	pthread_mutex_lock(&library->lock);
	library->scan_wanted = true;
	pthread_cond_signal(&library->wake);
	pthread_mutex_unlock(&library->lock);
}

/* Another directory than before has other recordings in it. */
static void library_follow_dir(struct library *library, int dir_fd)
{
	struct statx st;

	if (statx(dir_fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st))
		return;
	/* inode numbers are used again, hence the time of birth */
	uint64_t id = (uint64_t)st.stx_dev_minor << 40 ^ st.stx_ino ^
	              (uint64_t)st.stx_btime.tv_sec * CLK_NS_PER_S ^ st.stx_btime.tv_nsec;
	uint64_t before = __atomic_exchange_n(&library->dir_id, id, __ATOMIC_RELAXED);
	if (before && before != id)
		library_scan(library);
}

int library_dir(struct library *library)
{
	int fd = open(library->conf->record_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;

	if (!err)
		library_follow_dir(library, fd);
	if (err != __atomic_exchange_n(&library->logged_dir_error, err, __ATOMIC_RELAXED)) {
		if (err)
			log_error("library: cannot open record.dir %s: %s; trying again",
			        library->conf->record_dir, strerror(-err));
		else
			log_info("library: record.dir %s is there again", library->conf->record_dir);
	}
	return err == -ENOENT ? -EIO : err ? err : fd; /* that a recording is not there is another matter */
}

void library_offer(struct library *library, const struct catalogue_row *row)
{
	struct uploader_meta meta = { .started_unix_ns = row->started_unix_ns };

	if (!library->control->uploader || row->uploaded)
		return;
	strcpy(meta.room, row->room);
	strcpy(meta.participant, row->participant);
	strcpy(meta.track, row->track);
	int err = uploader_finished(library->control->uploader, row->name, &meta);
	if (err)
		log_with(LOG_LEVEL_ERROR, CATALOGUE_ROW_IDS(row),
		        "library: %s cannot be queued for upload: %s; the next scan tries again", row->name,
		        strerror(-err));
}

int library_take(struct library *library, const char *name)
{
	struct catalogue_row row = { 0 };
	bool bad_sidecar = false;
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return dir_fd;
	pthread_mutex_lock(&library->pairs);
	int err = pair_read(dir_fd, name, &row, &bad_sidecar);
	if (!err)
		err = catalogue_put(library->control->catalogue, &row);
	pthread_mutex_unlock(&library->pairs);
	close(dir_fd);
	if (bad_sidecar) {
		metrics_add(METRICS_library_bad_sidecars, 1);
		log_with(LOG_LEVEL_WARN, LOG_IDS(.record = name),
		        "library: the sidecar of %s cannot be read; it is listed without", name);
	}
	if (!err) {
		metrics_add(METRICS_library_added, 1);
		library_offer(library, &row);
	} else if (err != -ENOENT) {
		metrics_add(METRICS_library_errors, 1);
		log_with(LOG_LEVEL_ERROR, LOG_IDS(.record = name),
		        "library: cannot take in %s: %s; the next scan tries again", name, strerror(-err));
		pthread_mutex_lock(&library->lock);
		library->rescan_wanted = true;
		pthread_mutex_unlock(&library->lock);
	}
	catalogue_row_clear(&row);
	return err;
}

int library_remove(struct library *library, const char *name, const char *why)
{
	struct catalogue_row row = { 0 };
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return dir_fd;
	pthread_mutex_lock(&library->pairs);
	bool known = !catalogue_get(library->control->catalogue, name, &row) && !strcmp(row.name, name);
	int err = pair_remove(dir_fd, name);
	if (!err || err == -ENOENT)
		catalogue_remove(library->control->catalogue, name);
	pthread_mutex_unlock(&library->pairs);
	close(dir_fd);
	if ((!err || err == -ENOENT) && library->control->uploader)
		uploader_forget(library->control->uploader, name);
	if (!err)
		library_tell_row(library, EVENTS_record_removed, name, known ? &row : NULL, why);
	catalogue_row_clear(&row);
	return err;
}

void library_file_event(struct library *library, const struct msg_file_state *file)
{
	struct msg_session_open opening;
	bool known;
	int added;

	if (!name_valid(file->name) || file->state > MSG_FILE_DISCARDED) {
		log_error("library: the dataplane tells of a file that is no recording; ignored");
		return;
	}
	switch (file->state) {
	case MSG_FILE_OPEN:
		known = sessions_opening(library->control->sessions, file->session, &opening);
		added = growing_add(library->growing, file, known ? &opening : NULL);
		if (added < 0)
			log_with(LOG_LEVEL_ERROR,
			        LOG_IDS(.session = file->session, .track = file->track, .record = file->name),
			        "library: no memory to follow %s while it grows", file->name);
		library_tell_file(library, file, added == 1);
		break;
	case MSG_FILE_FINISHED: /* into the catalogue before it is out of the list: it is always in one of
	                           them */
		library_take(library, file->name);
		library_tell_file(library, file, true);
		growing_remove(library->growing, file->name);
		break;
	default:
		if (file->state == MSG_FILE_FAILED)
			log_with(LOG_LEVEL_ERROR,
			        LOG_IDS(.session = file->session, .track = file->track, .record = file->name),
			        "library: %s could not be finished: %s; its part stays and is repaired at "
			        "the dataplane's next start",
			        file->name, file->reason);
		library_tell_file(library, file, true);
		growing_remove(library->growing, file->name);
		if (library->control->uploader)
			uploader_forget(library->control->uploader, file->name);
	}
}

unsigned library_open_files(struct library *library, struct library_open_file **ret_files)
{
	growing_refresh(library->growing, library->control->dataplane);
	return growing_list(library->growing, ret_files);
}

bool library_open_file(struct library *library, const char *name, struct library_open_file *ret_file)
{
	growing_refresh(library->growing, library->control->dataplane);
	return growing_find(library->growing, name, ret_file);
}

/* A part that no event told of: the dataplane is away, or died and has not repaired it yet. */
static bool library_has_part(struct library *library, const char *name)
{
	char file[NAME_FILE_BYTES];
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return false;
	name_file(file, name, NAME_PART);
	bool there = !faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW);
	close(dir_fd);
	return there;
}

/* One that no row tells of. When the catalogue cannot take it in (its disk is full), what is on disk holds.
 */
static int library_find_on_disk(struct library *library, const char *name, struct catalogue_row *ret_row)
{
	bool bad_sidecar;
	int err = library_take(library, name);

	if (!err)
		return catalogue_get(library->control->catalogue, name, ret_row);
	if (err == -ENOENT)
		return err;
	int dir_fd = library_dir(library);
	if (dir_fd < 0)
		return dir_fd;
	err = pair_read(dir_fd, name, ret_row, &bad_sidecar);
	close(dir_fd);
	return err;
}

int library_find(struct library *library, const char *name, struct catalogue_row *ret_row)
{
	struct library_open_file open_file;
	struct catalogue_row row = { 0 };

	if (!name_valid(name))
		return -ENOENT;
	int err = catalogue_get(library->control->catalogue, name, &row);
	if (!err && strcmp(row.name, name) && growing_find(library->growing, name, &open_file))
		err = -EBUSY; /* the promise is kept by a file that grows now */
	if (err == -ENOENT && growing_find(library->growing, name, &open_file))
		err = -EBUSY;
	if (err == -ENOENT)
		err = library_find_on_disk(library, name, &row);
	if (err == -ENOENT && library_has_part(library, name))
		err = -EBUSY;
	if (err)
		catalogue_row_clear(&row);
	else
		*ret_row = row;
	return err;
}

bool library_knows(struct library *library, const char *name)
{
	struct library_open_file open_file;
	struct catalogue_row row;

	if (growing_find(library->growing, name, &open_file))
		return true;
	if (catalogue_get(library->control->catalogue, name, &row))
		return false;
	catalogue_row_clear(&row);
	return true;
}

json_t *library_sidecar(struct library *library, const char *name)
{
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return NULL;
	json_t *json = pair_json(dir_fd, name);
	close(dir_fd);
	return json;
}

int library_delete(struct library *library, const char *name, char ret_name[NAME_BYTES])
{
	struct catalogue_row row;
	int err = library_find(library, name, &row);

	if (err)
		return err;
	err = library_remove(library, row.name, "deleted");
	if (!err) {
		metrics_add(METRICS_library_deleted, 1);
		strcpy(ret_name, row.name);
		log_with(LOG_LEVEL_INFO, CATALOGUE_ROW_IDS(&row), "library: %s deleted", row.name);
	} else if (err != -ENOENT) {
		metrics_add(METRICS_library_errors, 1);
		log_with(LOG_LEVEL_ERROR, CATALOGUE_ROW_IDS(&row), "library: cannot delete %s: %s; it stays",
		        row.name, strerror(-err));
	}
	catalogue_row_clear(&row);
	return err;
}

/* Open @file, a regular one, and say what it is. */
static int library_open_regular(int dir_fd, const char *file, uint64_t *ret_bytes, uint64_t *ret_mtime_ns)
{
	struct stat st;
	int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ELOOP ? -ENOENT : -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	*ret_bytes = (uint64_t)st.st_size;
	*ret_mtime_ns = (uint64_t)st.st_mtim.tv_sec * CLK_NS_PER_S + (uint64_t)st.st_mtim.tv_nsec;
	return fd;
}

int library_open_for_reading(struct library *library, const char *name, uint64_t *ret_bytes,
        uint64_t *ret_mtime_ns, bool *ret_growing, char ret_name[NAME_BYTES])
{
	struct library_open_file open_file = { 0 };
	struct catalogue_row row = { 0 };
	char file[NAME_FILE_BYTES];
	int fd = -ENOENT;

	if (!name_valid(name))
		return -ENOENT;
	int dir_fd = library_dir(library);
	if (dir_fd < 0)
		return dir_fd;
	*ret_growing = false;
	strcpy(ret_name, name);
	fd = library_open_regular(dir_fd, name, ret_bytes, ret_mtime_ns);
	if (fd == -ENOENT && library_open_file(library, name, &open_file)) {
		strcpy(ret_name, open_file.name);
		name_file(file, open_file.name, NAME_PART);
		fd = library_open_regular(dir_fd, file, ret_bytes, ret_mtime_ns);
		*ret_growing = fd >= 0;
		if (*ret_growing && open_file.bytes < *ret_bytes)
			*ret_bytes = open_file.bytes; /* what lies beyond is not whole yet */
		if (fd == -ENOENT)                    /* finished just now */
			fd = library_open_regular(dir_fd, open_file.name, ret_bytes, ret_mtime_ns);
	}
	if (fd == -ENOENT && !catalogue_get(library->control->catalogue, name, &row)) {
		strcpy(ret_name, row.name);
		fd = library_open_regular(dir_fd, row.name, ret_bytes, ret_mtime_ns);
		catalogue_row_clear(&row);
	}
	close(dir_fd);
	return fd;
}
