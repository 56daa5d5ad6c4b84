/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/filer_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "writers/finalise.h"
#include "writers/journal.h"
#include "writers/repair.h"
#include "writers/sidecar.h"

#define COPIES 100000 /* names tried before giving up */

void filer_job_state(const struct filer_file *file, enum msg_file_state_id state, const char *reason,
        struct msg_file_state *ret_state)
{
	*ret_state = (struct msg_file_state){
		.state = state,
		.stat_index = file->stat_index,
		.bytes = state == MSG_FILE_FINISHED ? file->size : 0,
		.started_unix_ns = file->started_unix_ns,
	};
	strcpy(ret_state->session, file->session);
	strcpy(ret_state->track, file->track);
	strcpy(ret_state->name, file->name);
	snprintf(ret_state->reason, sizeof(ret_state->reason), "%s", reason);
}

static bool exists(int dir_fd, const char *name, enum name_kind kind)
{
	char file[NAME_FILE_BYTES];

	name_file(file, name, kind);
	return faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Create the part of file->name. -EEXIST: the name is taken by it or by anything around it. */
static int create_part(int dir_fd, struct filer_file *file)
{
	char part[NAME_FILE_BYTES];

	if (exists(dir_fd, file->name, NAME_FINAL) || exists(dir_fd, file->name, NAME_SIDECAR) ||
	        exists(dir_fd, file->name, NAME_JOURNAL) || exists(dir_fd, file->name, NAME_LEDGER))
		return -EEXIST;
	name_file(part, file->name, NAME_PART);
	file->fd = openat(dir_fd, part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	return file->fd < 0 ? -errno : 0;
}

/* The copy number of the promised name, if it is of this base name, else 1. Files whose rooms look alike in a
 * name do not take each other's: a client looks for its recording there. */
static unsigned promised_copy(const struct filer_file *file)
{
	size_t stem = strlen(file->base) - strlen(file->ext) - 1;
	char *end;

	if (strncmp(file->promised, file->base, stem) != 0 || file->promised[stem] != '-')
		return 1;
	unsigned long copy = strtoul(file->promised + stem + 1, &end, 10);
	return copy > 1 && copy <= COPIES && strcmp(end, file->base + stem) == 0 ? (unsigned)copy : 1;
}

/* The first free name, with its part created. After a file of the same base name counting goes on, for that
 * one may have been uploaded and removed. */
static int settle_name(
        const char *template, int dir_fd, struct filer_file *file, const struct filer_file *previous)
{
	struct name_parts parts = { file->room, file->participant, file->track_id, file->session_id,
		file->ext, file->unix_s };
	int err = name_make(file->base, template, &parts, 1);
	unsigned first;

	if (err)
		return err;
	first = promised_copy(file);
	if (previous && strcmp(previous->base, file->base) == 0)
		first = previous->copy + 1;
	for (file->copy = first; file->copy < first + COPIES; file->copy++) {
		err = name_make(file->name, template, &parts, file->copy);
		if (!err)
			err = create_part(dir_fd, file);
		if (err != -EEXIST)
			break;
	}
	if (err)
		file->name[0] = '\0';
	return err;
}

static int create_journal(int dir_fd, struct filer_file *file, const struct filer_file *previous)
{
	char journal[NAME_FILE_BYTES], link[NAME_BYTES + 32], *text;
	struct journal lines = { 0 };
	size_t len;
	int err;

	name_file(journal, file->name, NAME_JOURNAL);
	file->journal_fd = openat(dir_fd, journal, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (file->journal_fd < 0)
		return -errno;
	if (file->meta)
		journal_add(&lines, JOURNAL_META, file->meta, strlen(file->meta));
	if (previous) {
		snprintf(link, sizeof(link), "{\"previous\":\"%s\"}", previous->name);
		journal_add(&lines, JOURNAL_META, link, strlen(link));
	}
	len = journal_take(&lines, &text);
	if (!len)
		return 0;
	err = finalise_pwrite(file->journal_fd, text, len, 0);
	file->journal_bytes = len;
	free(text);
	return err;
}

/* Turn O_DIRECT on, as record.io wants it. Done on the open file, for an open that fails has created it. */
static int set_direct(struct filer_file *file, enum conf_record_io io)
{
	if (io == CONF_IO_BUFFERED)
		return 0;
	file->direct = fcntl(file->fd, F_SETFL, O_DIRECT) == 0;
	return file->direct || io == CONF_IO_AUTO ? 0 : -errno;
}

static void undo_open(int dir_fd, struct filer_file *file)
{
	char path[NAME_FILE_BYTES];

	if (file->fd < 0)
		return;
	sidecar_unreserve(dir_fd, file->name);
	close(file->fd);
	if (file->journal_fd >= 0) {
		close(file->journal_fd);
		name_file(path, file->name, NAME_JOURNAL);
		unlinkat(dir_fd, path, 0);
	}
	name_file(path, file->name, NAME_PART);
	unlinkat(dir_fd, path, 0);
	file->fd = file->journal_fd = -1;
	file->name[0] = '\0';
}

int filer_job_open(const struct conf *conf, struct filer_file *file)
{
	const struct filer_file *previous = file->previous && file->previous->name[0] ? file->previous : NULL;
	int dir_fd = finalise_open_dir(conf->record_dir), err;

	if (dir_fd < 0)
		return dir_fd;
	err = settle_name(file->template, dir_fd, file, previous);
	if (!err)
		err = set_direct(file, (enum conf_record_io)conf->record_io);
	if (!err)
		err = create_journal(dir_fd, file, previous);
	if (err) {
		undo_open(dir_fd, file);
	} else {
		sidecar_reserve(dir_fd, file->name);
		filer_job_reserve(file);
	}
	close(dir_fd);
	return err;
}

void filer_job_reserve(struct filer_file *file)
{
	if (file->reserve_bytes)
		(void)!fallocate(
		        file->fd, FALLOC_FL_KEEP_SIZE, (off_t)file->reserve_at, (off_t)file->reserve_bytes);
}

/* The steps of writers/finalise.h. The head does not fit O_DIRECT's alignment, and the digest reads through
 * the cache. */
static int finish(int dir_fd, struct filer_file *file)
{
	struct sidecar_facts facts = { .name = file->name, .size = file->size, .end = file->end };
	int err = exists(dir_fd, file->name, NAME_FINAL) ? -EEXIST : 0;

	if (!err && file->direct && fcntl(file->fd, F_SETFL, 0) < 0)
		err = -errno;
	if (!err)
		err = finalise_media(file->fd, file->head, file->head_bytes, file->size);
	if (!err)
		err = finalise_digest(file->fd, file->size, facts.sha256);
	if (!err)
		err = sidecar_write(dir_fd, file->journal_fd, &facts);
	if (!err)
		err = finalise_publish(dir_fd, file->name);
	return err;
}

static void close_descriptors(struct filer_file *file)
{
	close(file->fd);
	close(file->journal_fd);
	file->fd = file->journal_fd = -1;
}

/* A file some of whose bytes are missing is made whole as one that a crash left. */
static int mend(int dir_fd, struct filer_file *file)
{
	struct msg_file_state state;
	int err;

	close_descriptors(file);
	err = repair_part(dir_fd, file->name, file->end, &state);
	if (!err) {
		file->size = state.bytes;
		log_warn("%s: finished with what could be written before: %s", file->name,
		        strerror(-file->failed));
	}
	return err;
}

static void remove_file(int dir_fd, const char *name, enum name_kind kind)
{
	char file[NAME_FILE_BYTES];

	name_file(file, name, kind);
	unlinkat(dir_fd, file, 0);
}

int filer_job_close(const struct conf *conf, struct filer_file *file, struct msg_file_state *ret_state)
{
	int dir_fd = finalise_open_dir(conf->record_dir), err = dir_fd < 0 ? dir_fd : 0;
	char why[LIMIT_REASON_BYTES + 1];

	if (!err && file->failed)
		err = mend(dir_fd, file);
	else if (!err && file->size)
		err = finish(dir_fd, file);
	else if (!err)
		err = -ENODATA;
	if (file->fd >= 0)
		close_descriptors(file);
	if (err == -ENODATA && !file->failed) {
		sidecar_unreserve(dir_fd, file->name);
		remove_file(dir_fd, file->name, NAME_JOURNAL);
		remove_file(dir_fd, file->name, NAME_PART);
	}
	if (dir_fd >= 0)
		close(dir_fd);
	if (!err) {
		filer_job_state(file, MSG_FILE_FINISHED, "", ret_state);
		return 0;
	}
	if (err == -ENODATA) {
		snprintf(why, sizeof(why), "empty");
		log_info("%s: nothing was recorded, removed", file->name);
	} else {
		snprintf(why, sizeof(why), "disk: %s", strerror(-err));
		log_error("%s/%s: cannot be finished: %s; its part is kept and repaired at the next start",
		        conf->record_dir, file->name, strerror(-err));
	}
	filer_job_state(file, err == -ENODATA && !file->failed ? MSG_FILE_DISCARDED : MSG_FILE_FAILED, why,
	        ret_state);
	return err;
}

void filer_job_sync_dir(const struct conf *conf)
{
	int dir_fd = finalise_open_dir(conf->record_dir);

	if (dir_fd < 0)
		return; /* whoever opens or closes a file there tells */
	fsync(dir_fd);
	close(dir_fd);
}
