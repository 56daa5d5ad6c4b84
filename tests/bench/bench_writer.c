/* SPDX-License-Identifier: BSD-3-Clause */
/* What a writer thread costs: packets that are ready, of many tracks, go from one thread into a writer pool's
 * ring as fast as they are taken, or at the pace of life; on other CPUs the writer makes files of them.
 *
 *   this thread, --cpu ──ring──→ writer-0, --writer-cpu ──io_uring──→ --dir, or /dev/null with --null
 *        ↑______free packets______|
 *
 * One line of JSON tells packets, bytes, the writer thread's CPU time (in all, and of it in user space), what
 * copying the same payloads costs by itself on the writer's CPU, and memory a track: what the process grew
 * by, and blocks, which lie in the pool that was there before. Media time is the packets' own, so that a
 * track that is fed faster than life looks like life to it. When the disk is what limits, it is waited for,
 * as long as more than half of the blocks are taken: nothing is dropped for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/cur.h"
#include "base/log.h"
#include "writers/writer.h"

#define PACKETS     16384 /* in all: 36 MiB, more than the caches of one core */
#define STRIDE      2304  /* bytes from one to the next, as in a pool of network buffers */
#define RING_PKTS   4096
#define BURST       32
#define VIDEO_BYTES 1200 /* of a payload */
#define FRAME_PKTS  14   /* 4 Mbit/s at 30 frames a second */
#define FRAME_NS    33333333ull
#define FRAME_RTP   3000
#define AUDIO_BYTES 160
#define AUDIO_NS    (20 * CLK_NS_PER_MS)
#define AUDIO_RTP   960
#define IDLE_STEP                                                                                            \
	20 /* with --idle only every so many packets of audio are sent: a silent talker's, with DTX */
#define KEY_FRAMES    300 /* from one key frame to the next */
#define COPY_ROUNDS   200000
#define UNIX_NS       1710000000000000000ull
#define COPY_TO_BYTES (256u << 20)

struct options {
	const char *dir;
	bool audio, null, paced, idle;
	unsigned tracks, seconds, cpu, writer_cpu;
};

struct source {
	struct track *track;
	uint64_t seq, frame, frames_shift;
	unsigned at; /* packet of the frame */
};

struct bench {
	struct options options;
	struct conf *conf;
	struct stat_segment *stat;
	struct writer_pool *pool;
	struct spsc *free_packets, *input;
	uint8_t *memory;
	struct source *sources;
	uint64_t *slot; /* WRITER */
	uint64_t sent, mono_ns;
	uint64_t blocks_max; /* bytes */
	clockid_t writer_clock;
	pid_t writer_tid;
	double copy_ns;
};

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench_writer: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* With --null, files are /dev/null to io_uring; everything before it is as in life. */
static bool to_null;
int __real_openat(int dir_fd, const char *name, int flags, ...);
int __wrap_openat(int dir_fd, const char *name, int flags, ...);

int __wrap_openat(int dir_fd, const char *name, int flags, ...)
{
	size_t len = strlen(name);

	if (to_null && len > 5 && !strcmp(name + len - 5, ".part"))
		return __real_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
	return __real_openat(dir_fd, name, flags, 0644);
}

static struct packet *packet_at(const struct bench *bench, unsigned i)
{
	return (struct packet *)(void *)(bench->memory + (size_t)i * STRIDE);
}

static uint8_t *bytes_of(struct packet *packet)
{
	return (uint8_t *)(packet + 1) + 128; /* headroom */
}

/* Memory in huge pages, as packets and blocks are in life. */
static uint8_t *map(size_t bytes)
{
	const size_t huge = 2 << 20;
	uint8_t *at = mmap(NULL, bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("no memory");
	at += -(uintptr_t)at & (huge - 1);
	madvise(at, bytes, MADV_HUGEPAGE);
	memset(at, 1, bytes);
	return at;
}

static void release(void *arg, struct packet *const *packets, unsigned n)
{
	spsc_put(((struct bench *)arg)->free_packets, (void *const *)packets, n);
}

static double writer_seconds(const struct bench *bench)
{
	struct timespec t;

	clock_gettime(bench->writer_clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* On the writer's thread, before its first packet: what a copy by itself costs there. */
static void measure_copy(struct bench *bench)
{
	size_t len = bench->options.audio ? AUDIO_BYTES : VIDEO_BYTES, at = 0;
	uint8_t *to = map(COPY_TO_BYTES);
	double began;

	began = writer_seconds(bench);
	for (unsigned i = 0; i < COPY_ROUNDS; i++) {
		memcpy(to + at, bytes_of(packet_at(bench, i % PACKETS)), len);
		at = at + 2 * len < COPY_TO_BYTES ? at + len : 0;
	}
	bench->copy_ns = (writer_seconds(bench) - began) * 1e9 / COPY_ROUNDS;
	munmap(to, COPY_TO_BYTES);
}

static void on_enter(void *arg)
{
	struct bench *bench = arg;

	pthread_getcpuclockid(pthread_self(), &bench->writer_clock);
	bench->writer_tid = gettid();
	measure_copy(bench);
}

static void on_failed(void *arg, struct track *track, const char *why)
{
	die("a track failed: %s", why);
}

static void make_packets(struct bench *bench)
{
	bench->memory = map((size_t)PACKETS * STRIDE);
	if (spsc_create(&bench->free_packets, PACKETS))
		die("no memory for packets");
	for (unsigned i = 0; i < PACKETS; i++) {
		void *packet = packet_at(bench, i);

		memset(bytes_of(packet), (int)i, VIDEO_BYTES);
		spsc_put(bench->free_packets, &packet, 1);
	}
}

static uint64_t rss_bytes(void)
{
	unsigned long long all = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%llu %llu", &all, &resident) != 2)
		die("/proc/self/statm cannot be read");
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* User time of the writer's thread; in ticks of 10 ms that the kernel scales to what was really used. */
static double user_seconds(const struct bench *bench)
{
	unsigned long user = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", bench->writer_tid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &user) != 1)
		die("%s cannot be read", path);
	fclose(f);
	return (double)user / (double)sysconf(_SC_CLK_TCK);
}

static void create_pool(struct bench *bench)
{
	const struct options *o = &bench->options;
	struct stat_cfg stat = { .instances = { [STAT_SCOPE_WRITER] = 1, [STAT_SCOPE_TRACK] = o->tracks } };
	struct writer_cfg cfg = {
		.conf = bench->conf,
		.inputs = 1,
		.ring_pkts = RING_PKTS,
		.release = release,
		.release_arg = bench,
		.events = { .on_track_failed = on_failed, .thread_enter = on_enter, .arg = bench },
	};
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/counters", o->dir);
	err = stat_create(&bench->stat, path, &stat);
	unlink(path);
	if (err)
		die("%s: %s", path, strerror(-err));
	cfg.stat = bench->stat;
	err = writer_pool_create(&bench->pool, &cfg);
	if (err)
		die("no writers: %s", strerror(-err));
	bench->input = writer_input(bench->pool, 0, 0);
	bench->slot = stat_slot(bench->stat, STAT_SCOPE_WRITER, 0);
}

static void open_tracks(struct bench *bench)
{
	const struct options *o = &bench->options;

	bench->sources = calloc(o->tracks, sizeof(*bench->sources));
	for (unsigned i = 0; i < o->tracks; i++) {
		struct track_cfg cfg = {
			.conf = bench->conf,
			.codec = o->audio ? CODEC_OPUS : CODEC_VP8,
			.clock_rate = o->audio ? 48000 : 90000,
			.channels = o->audio ? 2 : 0,
			.stat_index = i,
			.slot = stat_slot(bench->stat, STAT_SCOPE_TRACK, i),
			.session = "s_1",
			.room = "bench",
			.participant = "alice",
		};
		int err;

		snprintf(cfg.id, sizeof(cfg.id), "track%u", i);
		err = writer_track_open(bench->pool, 0, &cfg, &bench->sources[i].track);
		if (err)
			die("track %u: %s", i, strerror(-err));
		bench->sources[i].seq = 1000;
	}
}

/* The payload's first bytes: what a depacketizer looks at. */
static unsigned write_payload(const struct bench *bench, const struct source *source, uint8_t *at)
{
	if (bench->options.audio) {
		at[0] = 0xFC;
		return AUDIO_BYTES;
	}
	if (source->at) {
		at[0] = 0x00;
	} else if (source->frame % KEY_FRAMES == 0) {
		memcpy(at, "\x10\x10\x02\x00\x9D\x01\x2A\x80\x02\xE0\x01", 11);
	} else {
		memcpy(at, "\x10\x11", 2);
	}
	return VIDEO_BYTES;
}

/* From one packet of audio to the next. */
static uint64_t audio_step(const struct bench *bench)
{
	return bench->options.idle ? IDLE_STEP : 1;
}

static void fill(struct bench *bench, struct source *source, struct packet *packet)
{
	bool audio = bench->options.audio;
	bool last = audio || source->at == FRAME_PKTS - 1;
	uint64_t at_ns = source->frame * (audio ? AUDIO_NS : FRAME_NS);

	*packet = (struct packet){
		.track = source->track,
		.payload = bytes_of(packet),
		.ext_seq = source->seq++,
		.arrival_unix_ns = UNIX_NS + at_ns,
		.arrival_mono_ns = bench->mono_ns + at_ns,
		.rtp_time = (uint32_t)source->frame * (audio ? AUDIO_RTP : FRAME_RTP),
		.ssrc = 7,
		.payload_bytes = (uint16_t)write_payload(bench, source, bytes_of(packet)),
		.flags = last ? PACKET_MARKER : 0,
	};
	source->frame += last * (audio ? audio_step(bench) : 1);
	source->at = last ? 0 : source->at + 1;
}

/* As many packets as a ring takes at once, one of each track in turn; fewer when the disk is behind. */
static unsigned feed(struct bench *bench, unsigned *track, unsigned most)
{
	void *packets[BURST];
	unsigned n = 0;

	if (stat_get(bench->slot, STAT_WRITER_block_bytes) > bench->blocks_max)
		return 0;
	if (most > BURST)
		most = BURST;
	if (spsc_count(bench->input) + most > RING_PKTS)
		return 0;
	n = spsc_take(bench->free_packets, packets, most);
	for (unsigned i = 0; i < n; i++) {
		fill(bench, &bench->sources[*track], packets[i]);
		*track = *track + 1 < bench->options.tracks ? *track + 1 : 0;
	}
	spsc_put(bench->input, packets, n);
	bench->sent += n;
	return n;
}

/* Until @end_ns; with --paced no faster than life. Returns how many packets life was ahead of us in the end.
 */
static uint64_t run_until(struct bench *bench, uint64_t began_ns, uint64_t end_ns, unsigned *track)
{
	const struct options *o = &bench->options;
	double pps = o->tracks * (o->audio ? 1e9 / (double)(AUDIO_NS * audio_step(bench))
	                                   : FRAME_PKTS * 1e9 / (double)FRAME_NS);
	uint64_t due = UINT64_MAX, now;

	while ((now = clk_mono_ns()) < end_ns) {
		if (o->paced)
			due = (uint64_t)((double)(now - began_ns) / 1e9 * pps);
		if (bench->sent < due)
			feed(bench, track, due - bench->sent < BURST ? (unsigned)(due - bench->sent) : BURST);
	}
	return o->paced && due > bench->sent ? due - bench->sent : 0;
}

static void report(const struct bench *bench, double seconds, uint64_t rss, uint64_t behind,
        const uint64_t before[STAT_WRITER_COUNT], const double cpu[2])
{
	const struct options *o = &bench->options;
	uint64_t now[STAT_WRITER_COUNT];
	double pkts;

	for (unsigned i = 0; i < STAT_WRITER_COUNT; i++)
		now[i] = stat_get(bench->slot, i) - before[i];
	pkts = (double)now[STAT_WRITER_pkts];
	if (pkts < 1)
		die("no packet went through: dataplane.block_mb is too small for so many tracks");
	printf("{\"tracks\": %u, \"seconds\": %.3f, \"packets\": %.0f, \"packets_s\": %.0f, \"writer_ns\": "
	       "%.1f, "
	       "\"user_ns\": %.1f, \"copy_ns\": %.1f, \"media_bytes_s\": %.0f, \"written_bytes_s\": %.0f, "
	       "\"writes\": %" PRIu64 ", \"write_ns\": %.0f, \"dropped_frames\": %" PRIu64
	       ", \"behind_packets\": %" PRIu64 ", \"block_bytes\": %" PRIu64 ", \"files\": %" PRIu64
	       ", \"kib_track\": %.2f, \"block_kib_track\": %.2f}\n",
	        o->tracks, seconds, pkts, pkts / seconds, (writer_seconds(bench) - cpu[0]) * 1e9 / pkts,
	        (user_seconds(bench) - cpu[1]) * 1e9 / pkts, bench->copy_ns,
	        (double)now[STAT_WRITER_bytes] / seconds, (double)now[STAT_WRITER_written_bytes] / seconds,
	        now[STAT_WRITER_writes],
	        now[STAT_WRITER_writes]
	                ? (double)now[STAT_WRITER_write_ns_sum] / (double)now[STAT_WRITER_writes]
	                : 0,
	        stat_get(bench->slot, STAT_WRITER_drop_no_block), behind,
	        stat_get(bench->slot, STAT_WRITER_block_bytes), stat_get(bench->slot, STAT_WRITER_files_open),
	        (double)rss / 1024 / o->tracks,
	        (double)stat_get(bench->slot, STAT_WRITER_block_bytes) / 1024 / o->tracks);
	fflush(stdout);
}

static void measure(struct bench *bench)
{
	const struct options *o = &bench->options;
	uint64_t before[STAT_WRITER_COUNT], began, start, rss, behind;
	unsigned track = 0;
	double cpu[2];

	rss = rss_bytes();
	open_tracks(bench);
	bench->mono_ns = began = clk_mono_ns();
	run_until(bench, began, began + CLK_NS_PER_S, &track); /* files are opened, caches filled */
	while (spsc_count(bench->input) && !o->paced)
		usleep(1000);
	for (unsigned i = 0; i < STAT_WRITER_COUNT; i++)
		before[i] = stat_get(bench->slot, i);
	cpu[0] = writer_seconds(bench);
	cpu[1] = user_seconds(bench);
	start = clk_mono_ns();
	behind = run_until(bench, began, start + o->seconds * CLK_NS_PER_S, &track);
	while (spsc_count(bench->input) && !o->paced)
		;
	report(bench, (double)(clk_mono_ns() - start) / 1e9, rss_bytes() - rss, behind, before, cpu);
}

static void set_cpu(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		die("CPU %u is not ours", cpu);
}

/* The configuration file of the run; what is not set by it has its default. */
static void load_conf(struct bench *bench, const char *path)
{
	struct rlimit files = { 1 << 20, 1 << 20 }, memory = { RLIM_INFINITY, RLIM_INFINITY };

	if (conf_load(&bench->conf, path, stderr))
		die("%s is no configuration", path);
	bench->options.dir = bench->conf->record_dir;
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_MEMLOCK, &memory);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "audio", no_argument, NULL, 'a' },
		{ "null", no_argument, NULL, 'n' },
		{ "paced", no_argument, NULL, 'p' },
		{ "idle", no_argument, NULL, 'i' },
		{ "tracks", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "cpu", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	static struct bench bench = { .options = { .tracks = 32, .seconds = 5, .cpu = 1 } };
	struct options *o = &bench.options;
	const char *config = NULL;

	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (c == 'c')
			config = optarg;
		else if (c == 'a')
			o->audio = true;
		else if (c == 'n')
			o->null = to_null = true;
		else if (c == 'p')
			o->paced = true;
		else if (c == 'i')
			o->idle = true;
		else if (c == 't')
			o->tracks = (unsigned)atoi(optarg);
		else if (c == 's')
			o->seconds = (unsigned)atoi(optarg);
		else if (c == 'f')
			o->cpu = (unsigned)atoi(optarg);
		else
			config = NULL, optind = argc + 1;
	}
	if (!config || optind != argc || !o->tracks || !o->seconds)
		die("usage: --config FILE [--audio] [--null] [--paced] [--idle] [--tracks N] [--seconds N] "
		    "[--cpu N]");
	log_setup("bench_writer", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	load_conf(&bench, config);
	set_cpu(o->cpu);
	make_packets(&bench);
	create_pool(&bench);
	bench.blocks_max = ((uint64_t)bench.conf->dataplane_block_mb << 20) / 2;
	measure(&bench);
	_exit(0); /* the files are of no use: nothing is closed, hashed or renamed */
}
