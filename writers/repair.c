/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/log.h"
#include "writers/finalise.h"
#include "writers/journal.h"
#include "writers/mux.h"
#include "writers/sidecar.h"

#define PROBE_BYTES (128 << 10)

/* One part under repair. */
struct patient {
	int dir_fd, fd, journal_fd;
	const char *name, *end;
	const struct mux_ops *ops;
	struct stat stat;
	struct mux_scan *scan;
};

/* Whether a file that holds no whole frame holds nothing of one either: zeros behind its headers, to the end.
 */
static bool without_media(struct patient *p)
{
	uint8_t *buf = malloc(PROBE_BYTES);
	bool zeros = buf;
	uint64_t at = 0;

	while (zeros) {
		ssize_t n = pread(p->fd, buf, PROBE_BYTES, (off_t)at);
		size_t from = at == 0 && n > 0 ? p->ops->header_bytes(buf, (size_t)n) : 0;

		if (n <= 0) {
			zeros = n == 0;
			break;
		}
		for (size_t i = from; zeros && i < (size_t)n; i++)
			zeros = buf[i] == 0;
		at += (uint64_t)n;
	}
	free(buf);
	return zeros;
}

/* Write what the scan wants changed. *ret_changed: the file was not as its track would have left it. */
static int mend(struct patient *p, bool *ret_changed)
{
	const struct mux_scan *scan = p->scan;
	uint8_t head[sizeof(scan->head)];
	ssize_t n = pread(p->fd, head, scan->head_bytes, 0);
	int err;

	*ret_changed = (uint64_t)p->stat.st_size != scan->valid_bytes || scan->tail_rewrite ||
	               n != (ssize_t)scan->head_bytes || memcmp(head, scan->head, scan->head_bytes) != 0;
	if (scan->tail_rewrite) {
		err = finalise_pwrite(p->fd, scan->tail, scan->tail_bytes, scan->tail_offset);
		if (err)
			return err;
	}
	return finalise_media(p->fd, scan->head, scan->head_bytes, scan->valid_bytes);
}

/* What the journal tells the event: session, track, start; and the link from the file before. */
struct origin {
	char session[LIMIT_SESSION_ID_BYTES + 1], track[LIMIT_TRACK_ID_BYTES + 1];
	char started[CLK_RFC3339_BYTES], previous[NAME_BYTES], reason[LIMIT_REASON_BYTES + 1];
	bool ended;
};

static void read_origin(int journal_fd, struct origin *origin)
{
	struct journal_reader reader;
	struct journal_line line;

	*origin = (struct origin){ .reason = "crash" };
	if (journal_fd < 0)
		return;
	journal_read(&reader, journal_fd);
	while (journal_next(&reader, &line)) {
		if (line.kind == JOURNAL_END) {
			origin->ended = true;
			journal_string(line.json, "reason", origin->reason, sizeof(origin->reason));
		}
		if (line.kind != JOURNAL_META)
			continue;
		journal_string(line.json, "session", origin->session, sizeof(origin->session));
		journal_string(line.json, "track", origin->track, sizeof(origin->track));
		journal_string(line.json, "started", origin->started, sizeof(origin->started));
		journal_string(line.json, "previous", origin->previous, sizeof(origin->previous));
	}
}

static int finish(struct patient *p, struct msg_file_state *ret_file)
{
	struct sidecar_facts facts = {
		.name = p->name,
		.size = p->scan->valid_bytes,
		.end = p->end,
		.scanned = true,
		.frames = p->scan->frames,
		.first_pts = p->scan->first_pts,
		.last_pts = p->scan->last_pts,
		.modified_unix_ns =
		        (uint64_t)p->stat.st_mtim.tv_sec * CLK_NS_PER_S + (uint64_t)p->stat.st_mtim.tv_nsec,
	};
	struct origin origin;
	bool changed;
	int err = faccessat(p->dir_fd, p->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? -EEXIST : 0;

	if (!err)
		err = mend(p, &changed);
	if (!err)
		err = finalise_digest(p->fd, facts.size, facts.sha256);
	if (err)
		return err;
	read_origin(p->journal_fd, &origin);
	facts.repaired = changed || !(origin.ended || p->end);
	err = sidecar_write(p->dir_fd, p->journal_fd, &facts);
	if (!err)
		err = finalise_publish(p->dir_fd, p->name);
	if (err)
		return err;
	/* The file before may be finished, and not know of this one yet. */
	if (name_valid(origin.previous))
		sidecar_link(p->dir_fd, origin.previous, p->name);
	*ret_file = (struct msg_file_state){ .state = MSG_FILE_FINISHED, .bytes = facts.size };
	clk_parse_rfc3339(origin.started, &ret_file->started_unix_ns);
	snprintf(ret_file->session, sizeof(ret_file->session), "%s", origin.session);
	snprintf(ret_file->track, sizeof(ret_file->track), "%s", origin.track);
	snprintf(ret_file->name, sizeof(ret_file->name), "%s", p->name);
	snprintf(ret_file->reason, sizeof(ret_file->reason), "%s", origin.reason);
	return 0;
}

static int remove_empty(struct patient *p)
{
	char file[NAME_FILE_BYTES];

	sidecar_unreserve(p->dir_fd, p->name);
	name_file(file, p->name, NAME_JOURNAL);
	unlinkat(p->dir_fd, file, 0);
	name_file(file, p->name, NAME_PART);
	return unlinkat(p->dir_fd, file, 0) < 0 ? -errno : -ENODATA;
}

static int open_patient(struct patient *p)
{
	char file[NAME_FILE_BYTES];

	name_file(file, p->name, NAME_PART);
	p->fd = openat(p->dir_fd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (p->fd < 0 || fstat(p->fd, &p->stat) < 0)
		return -errno;
	if (!S_ISREG(p->stat.st_mode))
		return -EINVAL;
	/* After a sync that failed, pages that never reached the disk count as clean: what is kept has to
	 * come from there. */
	posix_fadvise(p->fd, 0, 0, POSIX_FADV_DONTNEED);
	name_file(file, p->name, NAME_JOURNAL);
	p->journal_fd = openat(p->dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	p->scan = calloc(1, sizeof(*p->scan));
	return p->scan ? 0 : -ENOMEM;
}

int repair_part(int dir_fd, const char *name, const char *end, struct msg_file_state *ret_file)
{
	struct patient p = { .dir_fd = dir_fd,
		.fd = -1,
		.journal_fd = -1,
		.name = name,
		.end = end,
		.ops = mux_by_name(name) };
	int err = p.ops ? open_patient(&p) : -EINVAL;

	if (!err)
		err = p.ops->scan(p.fd, (uint64_t)p.stat.st_size, p.scan);
	if (err == -EBADMSG && without_media(&p))
		err = remove_empty(&p);
	else if (!err)
		err = finish(&p, ret_file);
	free(p.scan);
	if (p.journal_fd >= 0)
		close(p.journal_fd);
	if (p.fd >= 0)
		close(p.fd);
	return err;
}

static void repair_one(int dir_fd, const char *dir, const char *name, struct repair_report *report,
        void (*on_file)(void *arg, const struct msg_file_state *file), void *arg)
{
	struct msg_file_state file;
	int err = repair_part(dir_fd, name, NULL, &file);

	if (!err) {
		report->repaired++;
		log_info("%s/%s: repaired, %llu bytes", dir, name, (unsigned long long)file.bytes);
		if (on_file)
			on_file(arg, &file);
	} else if (err == -ENODATA) {
		report->empty++;
		log_info("%s/%s: its part held no media and was removed", dir, name);
	} else {
		report->failed++;
		log_error("%s/%s: cannot be repaired (%s), its part is kept", dir, name,
		        err == -EBADMSG ? "no whole frame in it" : strerror(-err));
	}
}

/* What is left beside: the temporary file of a sidecar; a journal whose part is gone. */
static void tidy(int dir_fd, const char *dir, const char *entry)
{
	char name[NAME_BYTES], part[NAME_FILE_BYTES];
	enum name_kind kind;

	if (sidecar_is_temporary(entry)) {
		unlinkat(dir_fd, entry, 0);
		return;
	}
	if (!name_parse(entry, name, &kind) || kind != NAME_JOURNAL)
		return;
	name_file(part, name, NAME_PART);
	if (faccessat(dir_fd, part, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT &&
	        unlinkat(dir_fd, entry, 0) == 0)
		log_debug("%s/%s: journal without a part removed", dir, entry);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_hidden(const struct dirent *entry)
{
	return entry->d_name[0] == '.';
}

int repair_dir(const char *dir, struct repair_report *ret_report,
        void (*on_file)(void *arg, const struct msg_file_state *file), void *arg)
{
	struct repair_report report = { 0 };
	struct dirent **entries = NULL;
	int dir_fd = finalise_open_dir(dir), count;

	if (dir_fd < 0)
		return dir_fd;
	count = scandirat(dir_fd, ".", &entries, is_hidden, by_name);
	if (count < 0) {
		count = -errno;
		close(dir_fd);
		return count;
	}
	for (int i = 0; i < count; i++) {
		char name[NAME_BYTES];
		enum name_kind kind;

		if (name_parse(entries[i]->d_name, name, &kind) && kind == NAME_PART)
			repair_one(dir_fd, dir, name, &report, on_file, arg);
	}
	for (int i = 0; i < count; i++) {
		tidy(dir_fd, dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	close(dir_fd);
	*ret_report = report;
	return 0;
}
