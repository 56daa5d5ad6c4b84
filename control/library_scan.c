/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory is the truth: its media files are listed and sorted, the rows are held against them, and only
 * the differences are looked at closely, one by one, because meanwhile files come and go. */
#include "control/library_keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/conf.h"
#include "base/log.h"
#include "control/metrics.h"
#include "control/pair.h"

#define LIBRARY_SCAN_BATCH 1000 /* rows that are written as one */

struct library_scan_file {
	char *name;
	uint64_t bytes, mtime_ns;
	bool known; /* there is a row that says the same */
};

struct library_scan_lost {
	struct library_scan_lost *next;
	char name[NAME_BYTES];
};

struct library_scan {
	struct library *library;
	struct library_scan_file *files;
	size_t count, size;
	struct library_scan_lost *lost;     /* rows without a file */
	struct library_scan_lost *uploaded; /* whose local copies are to go */
	struct catalogue_row *waiting;      /* known, and not uploaded */
	size_t waiting_count, waiting_size;
	bool failed;
};

static int library_scan_compare(const void *a, const void *b)
{
	return strcmp(
	        ((const struct library_scan_file *)a)->name, ((const struct library_scan_file *)b)->name);
}

static void library_scan_add(struct library_scan *scan, int dir_fd, const char *name)
{
	struct library_scan_file file = { 0 };

	if (pair_stat(dir_fd, name, &file.bytes, &file.mtime_ns))
		return;
	if (scan->count == scan->size) {
		size_t size = scan->size ? scan->size * 2 : 256;
		struct library_scan_file *files = realloc(scan->files, size * sizeof(*files));
		if (!files) {
			scan->failed = true;
			return;
		}
		scan->files = files;
		scan->size = size;
	}
	file.name = strdup(name);
	scan->failed |= !file.name;
	if (file.name)
		scan->files[scan->count++] = file;
}

static int library_scan_list(struct library_scan *scan)
{
	char name[NAME_BYTES];
	enum name_kind kind;
	int dir_fd = library_dir(scan->library);
	DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);

	if (!dir) {
		if (dir_fd >= 0)
			close(dir_fd);
		return dir_fd < 0 ? dir_fd : -ENOMEM;
	}
	errno = 0;
	for (struct dirent *entry; (entry = readdir(dir)); errno = 0)
		if (name_parse(entry->d_name, name, &kind) && kind == NAME_FINAL)
			library_scan_add(scan, dir_fd, name);
	int err = errno ? -errno : scan->failed ? -ENOMEM : 0;
	closedir(dir);
	if (err)
		log_error("library: cannot list record.dir: %s; trying again", strerror(-err));
	if (scan->count)
		qsort(scan->files, scan->count, sizeof(scan->files[0]), library_scan_compare);
	return err;
}

static void library_scan_remember(
        struct library_scan *scan, struct library_scan_lost **list, const char *name)
{
	struct library_scan_lost *lost = malloc(sizeof(*lost));

	if (!lost)
		return;
	strcpy(lost->name, name);
	lost->next = *list;
	*list = lost;
}

static void library_scan_wait(struct library_scan *scan, const struct catalogue_row *row)
{
	if (scan->waiting_count == scan->waiting_size) {
		size_t size = scan->waiting_size ? scan->waiting_size * 2 : 64;
		struct catalogue_row *rows = realloc(scan->waiting, size * sizeof(*rows));
		if (!rows)
			return;
		scan->waiting = rows;
		scan->waiting_size = size;
	}
	scan->waiting[scan->waiting_count++] = *row;
}

static void library_scan_row(void *arg, const struct catalogue_row *row)
{
	struct library_scan *scan = arg;
	struct library_scan_file key = { .name = (char *)(uintptr_t)row->name };
	struct library_scan_file *file =
	        scan->count ? bsearch(&key, scan->files, scan->count, sizeof(key), library_scan_compare)
	                    : NULL;

	if (!file) {
		library_scan_remember(scan, &scan->lost, row->name);
		return;
	}
	file->known = file->bytes == row->bytes && file->mtime_ns == row->finished_unix_ns;
	if (!file->known || !scan->library->control->uploader)
		return;
	if (!row->uploaded)
		library_scan_wait(scan, row);
	else if (scan->library->conf->upload_delete_after_upload)
		library_scan_remember(scan, &scan->uploaded, row->name);
}

/* The row goes when the file is really gone, and not when it has come since, or the disk is at fault. */
static void library_scan_lose(struct library *library, const char *name)
{
	uint64_t bytes, mtime_ns;
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return;
	struct catalogue_row row = { 0 };
	pthread_mutex_lock(&library->pairs);
	bool known = !catalogue_get(library->control->catalogue, name, &row) && !strcmp(row.name, name);
	bool gone = pair_stat(dir_fd, name, &bytes, &mtime_ns) == -ENOENT;
	if (gone)
		catalogue_remove(library->control->catalogue, name);
	pthread_mutex_unlock(&library->pairs);
	close(dir_fd);
	if (gone)
		library_tell_row(library, EVENTS_record_removed, name, known ? &row : NULL, "vanished");
	catalogue_row_clear(&row);
	if (!gone)
		return;
	metrics_add(METRICS_library_vanished, 1);
	log_with(LOG_LEVEL_WARN, LOG_IDS(.record = name),
	        "library: %s is gone from record.dir; taken out of the catalogue", name);
	if (library->control->uploader)
		uploader_forget(library->control->uploader, name);
}

/* Of what was finished while this process runs, and no event tells of, others are told now: the dataplane
 * repaired it at its start, or finished it while nobody listened. */
static void library_scan_take(struct library *library, const struct library_scan_file *file)
{
	struct library_open_file open_file;
	struct catalogue_row row = { 0 };
	bool is_new = file->mtime_ns >= library->created_unix_ns &&
	              !growing_find(library->growing, file->name, &open_file) &&
	              (catalogue_get(library->control->catalogue, file->name, &row) ||
	                      strcmp(row.name, file->name));

	catalogue_row_clear(&row);
	if (!library_take(library, file->name) && is_new)
		library_tell_found(library, file->name);
}

static void library_scan_take_new(struct library_scan *scan, size_t *ret_taken)
{
	struct catalogue *catalogue = scan->library->control->catalogue;
	size_t taken = 0;

	for (size_t i = 0; i < scan->count; i++) {
		if (scan->files[i].known)
			continue;
		if (taken % LIBRARY_SCAN_BATCH == 0) {
			if (taken)
				catalogue_commit(catalogue);
			catalogue_begin(catalogue);
		}
		library_scan_take(scan->library, &scan->files[i]);
		taken++;
	}
	if (taken)
		catalogue_commit(catalogue);
	*ret_taken = taken;
}

static void library_scan_settle(struct library_scan *scan, size_t *ret_lost)
{
	for (struct library_scan_lost *lost; (lost = scan->lost); free(lost)) {
		scan->lost = lost->next;
		library_scan_lose(scan->library, lost->name);
		++*ret_lost;
	}
	for (struct library_scan_lost *moved; (moved = scan->uploaded); free(moved)) {
		scan->uploaded = moved->next;
		library_move_out(scan->library, moved->name);
	}
	for (size_t i = 0; i < scan->waiting_count; i++)
		library_offer(scan->library, &scan->waiting[i]);
}

int library_scan_run(struct library *library)
{
	struct library_scan scan = { .library = library };
	size_t taken = 0, lost = 0;
	int err = library_scan_list(&scan);

	if (!err)
		err = catalogue_walk(library->control->catalogue, library_scan_row, &scan);
	if (!err) {
		library_scan_take_new(&scan, &taken);
		library_scan_settle(&scan, &lost);
		metrics_add(METRICS_library_scans, 1);
		if (taken || lost)
			log_info("library: %zu recordings in record.dir, %zu new or changed, %zu rows "
			         "without a file",
			        scan.count, taken, lost);
	} else {
		metrics_add(METRICS_library_errors, 1);
	}
	for (size_t i = 0; i < scan.count; i++)
		free(scan.files[i].name);
	for (struct library_scan_lost *next; scan.lost; scan.lost = next) {
		next = scan.lost->next;
		free(scan.lost);
	}
	for (struct library_scan_lost *next; scan.uploaded; scan.uploaded = next) {
		next = scan.uploaded->next;
		free(scan.uploaded);
	}
	free(scan.files);
	free(scan.waiting);
	return err;
}
