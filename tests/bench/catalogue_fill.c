/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes a directory of finished recordings and their catalogue, for bench_api.py: media files of @bytes that
 * hold nothing, and rows as sidecars would give them. Two tracks a session, a session a second; every other
 * session is of the room "busy", the rest are spread over a thousand rooms.
 *
 * usage: catalogue_fill DIR CATALOGUE ROWS
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/log.h"
#include "control/catalogue.h"

#define FIRST_UNIX_S 1700000000ull
#define BATCH        10000u
#define MEDIA_BYTES  100000u

/* What pair_summary makes of a sidecar. */
static const char summary[] =
        "{\"version\":1,\"promised\":\"%s\",\"session\":\"%s\",\"room\":\"%s\",\"participant\":\"alice\","
        "\"track\":\"%s\","
        "\"codec\":\"%s\",\"state\":\"finished\",\"reason\":\"bye\",\"started\":\"%s\",\"ended\":\"%s\","
        "\"duration_s\":600.033,"
        "\"size\":%u,\"sha256\":\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
        "\"frames\":18001,"
        "\"key_frames\":12,\"packets\":254012,\"media_bytes\":290812345,\"width\":1280,\"height\":720,"
        "\"clock_rate\":90000,"
        "\"ssrc\":3735928559,\"first_rtp\":1234567890,\"last_rtp\":1288567890,\"gap_count\":2,\"gap_"
        "packets\":3,"
        "\"previous\":null,\"next\":null,\"uploaded\":%s}";

static void describe(struct catalogue_row *row, unsigned i)
{
	static const char *const tracks[] = { "video0", "audio1" }, *const exts[] = { "ivf", "ogg" };
	uint64_t unix_s = FIRST_UNIX_S + i / 2;

	memset(row, 0, sizeof(*row));
	snprintf(row->session, sizeof(row->session), "s_%016u", i / 2);
	if (i / 2 % 2)
		strcpy(row->room, "busy");
	else
		snprintf(row->room, sizeof(row->room), "room-%u", i / 4 % 1000);
	strcpy(row->participant, "alice");
	strcpy(row->track, tracks[i % 2]);
	snprintf(row->name, sizeof(row->name), "%s_%s_%" PRIu64 ".%s", row->room, row->track, unix_s,
	        exts[i % 2]);
	strcpy(row->promised, row->name);
	row->bytes = MEDIA_BYTES;
	row->started_unix_ns = unix_s * CLK_NS_PER_S;
	row->finished_unix_ns = (unix_s + 600) * CLK_NS_PER_S + i % 2;
	row->uploaded = i % 100 != 0;
}

static int make_file(int dir, const struct catalogue_row *row)
{
	const struct timespec time = { .tv_sec = (time_t)(row->finished_unix_ns / CLK_NS_PER_S),
		.tv_nsec = (long)(row->finished_unix_ns % CLK_NS_PER_S) };
	const struct timespec times[] = { time, time };
	int fd = openat(dir, row->name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	int err = ftruncate(fd, (off_t)row->bytes) || futimens(fd, times) ? -errno : 0;
	close(fd);
	return err;
}

static int add(struct catalogue *catalogue, int dir, unsigned i)
{
	struct catalogue_row row;
	char started[CLK_RFC3339_BYTES], ended[CLK_RFC3339_BYTES];

	describe(&row, i);
	if (asprintf(&row.sidecar, summary, row.name, row.session, row.room, row.track,
	            i % 2 ? "opus" : "VP8", clk_rfc3339(started, row.started_unix_ns, 9),
	            clk_rfc3339(ended, row.finished_unix_ns, 9), MEDIA_BYTES,
	            row.uploaded ? "true" : "false") < 0)
		return -ENOMEM;
	int err = make_file(dir, &row);
	if (!err)
		err = catalogue_put(catalogue, &row);
	free(row.sidecar);
	return err;
}

static int fill(struct catalogue *catalogue, int dir, unsigned rows)
{
	int err = 0;

	for (unsigned i = 0; i < rows && !err; i++) {
		if (i % BATCH == 0) {
			catalogue_commit(catalogue);
			catalogue_begin(catalogue);
		}
		err = add(catalogue, dir, i);
	}
	catalogue_commit(catalogue);
	return err;
}

int main(int argc, char **argv)
{
	struct catalogue *catalogue;
	bool fresh;

	if (argc != 4) {
		fprintf(stderr, "usage: catalogue_fill DIR CATALOGUE ROWS\n");
		return 2;
	}
	log_setup("catalogue_fill", LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		fprintf(stderr, "catalogue_fill: cannot open %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (catalogue_open(&catalogue, argv[2], &fresh))
		return 1;
	int err = fill(catalogue, dir, (unsigned)strtoul(argv[3], NULL, 10));
	catalogue_close(catalogue);
	close(dir);
	if (err)
		fprintf(stderr, "catalogue_fill: %s\n", strerror(-err));
	return err ? 1 : 0;
}
