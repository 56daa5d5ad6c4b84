/* SPDX-License-Identifier: BSD-3-Clause */
/* The segment, in the machine's byte order; every part begins on a cache line:
 *
 *   header      struct header
 *   directory   struct entry for each scope: where its names, labels and slots are
 *   names       STAT_NAME_BYTES a counter: "rx_pkts", padded with NUL; scopes in their order
 *   labels      STAT_LABEL_BYTES an instance
 *   slots       u64 a counter, an instance padded to whole cache lines
 *
 * A file is foreign bytes: whoever opens it copies and checks the directory once, and uses only the copy.
 */
#include "base/stat.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC         "WSPLSTAT"
#define VERSION       1
#define LINE_BYTES    64
#define MAX_INSTANCES (1u << 20)

struct header {
	char magic[8];
	uint32_t version, scopes;
	uint64_t size;       /* of the whole file */
	uint64_t table_hash; /* stat_table_hash() of the writer */
	uint8_t reserved[32];
};
static_assert(sizeof(struct header) == LINE_BYTES, "one cache line");

struct entry {
	char name[16];
	uint32_t counters, instances;
	uint64_t names, labels, slots; /* offsets from the start of the file */
	uint64_t stride;               /* bytes from a slot to the next */
	uint8_t reserved[8];
};
static_assert(sizeof(struct entry) == LINE_BYTES, "one cache line");

struct stat_segment {
	uint8_t *base;
	size_t size;
	dev_t dev;
	ino_t ino;
	struct entry entries[STAT_SCOPES];
};

static uint64_t whole_lines(uint64_t bytes)
{
	return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

/* Fill the directory for @cfg; returns the size of the file. */
static uint64_t lay_out(struct entry entries[STAT_SCOPES], const struct stat_cfg *cfg)
{
	uint64_t at = sizeof(struct header) + STAT_SCOPES * sizeof(struct entry);

	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		struct entry *entry = &entries[scope];

		*entry = (struct entry){ .counters = stat_count(scope), .instances = cfg->instances[scope] };
		strcpy(entry->name, stat_scope_name(scope));
		entry->names = at;
		at += whole_lines((uint64_t)entry->counters * STAT_NAME_BYTES);
	}
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		entries[scope].labels = at;
		at += (uint64_t)entries[scope].instances * STAT_LABEL_BYTES;
	}
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++) {
		entries[scope].slots = at;
		entries[scope].stride = whole_lines(entries[scope].counters * sizeof(uint64_t));
		at += entries[scope].stride * entries[scope].instances;
	}
	return at;
}

static void write_directory(const struct stat_segment *segment)
{
	struct header header = { .magic = MAGIC,
		.version = VERSION,
		.scopes = STAT_SCOPES,
		.size = segment->size,
		.table_hash = stat_table_hash() };

	for (unsigned scope = 0; scope < STAT_SCOPES; scope++)
		for (unsigned id = 0; id < stat_count(scope); id++)
			strcpy((char *)segment->base + segment->entries[scope].names + id * STAT_NAME_BYTES,
			        stat_row(scope, id)->name);
	memcpy(segment->base + sizeof(header), segment->entries, sizeof(segment->entries));
	memcpy(segment->base, &header, sizeof(header));
}

/* Map @size bytes of @fd and note which file it is. */
static int map(struct stat_segment *segment, int fd, size_t size, int protection)
{
	struct stat st;
	void *base;

	if (fstat(fd, &st))
		return -errno;
	base = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	segment->base = base;
	segment->size = size;
	segment->dev = st.st_dev;
	segment->ino = st.st_ino;
	return 0;
}

/* Make the file under the name @temporary, whole, and map it. */
static int create_file(struct stat_segment *segment, const char *temporary, uint64_t size)
{
	int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), err;

	if (fd < 0)
		return -errno;
	/* Reserved now, so that a full tmpfs is an error here and no SIGBUS in a poll loop. */
	err = -posix_fallocate(fd, 0, (off_t)size);
	if (!err)
		err = map(segment, fd, size, PROT_READ | PROT_WRITE);
	if (!err && fchmod(fd, 0644))
		err = -errno;
	close(fd);
	return err;
}

int stat_create(struct stat_segment **ret_stat, const char *path, const struct stat_cfg *cfg)
{
	char temporary[PATH_MAX];
	struct stat_segment *segment;
	uint64_t size;
	int err;

	for (unsigned scope = 0; scope < STAT_SCOPES; scope++)
		if (cfg->instances[scope] > MAX_INSTANCES)
			return -EINVAL;
	if (snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid()) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	segment = calloc(1, sizeof(*segment));
	if (!segment)
		return -ENOMEM;
	size = lay_out(segment->entries, cfg);
	unlink(temporary); /* of an earlier process of this id that died right here */
	err = create_file(segment, temporary, size);
	if (!err) {
		write_directory(segment);
		err = rename(temporary, path) ? -errno : 0;
	}
	if (err) {
		unlink(temporary);
		stat_close(segment);
		return err;
	}
	*ret_stat = segment;
	return 0;
}

/* Whether @count things of @bytes at @offset, on a cache line, lie behind the directory and within the file.
 */
static bool lies_within(const struct stat_segment *segment, uint64_t offset, uint64_t count, uint64_t bytes)
{
	uint64_t first = sizeof(struct header) + sizeof(segment->entries);

	return offset % LINE_BYTES == 0 && offset >= first && offset <= segment->size &&
	       count <= (segment->size - offset) / bytes;
}

static bool entry_is_sound(const struct stat_segment *segment, unsigned scope)
{
	const struct entry *entry = &segment->entries[scope];

	return !strncmp(entry->name, stat_scope_name(scope), sizeof(entry->name)) &&
	       entry->counters == stat_count(scope) && entry->instances <= MAX_INSTANCES &&
	       entry->stride == whole_lines(entry->counters * sizeof(uint64_t)) &&
	       lies_within(segment, entry->names, entry->counters, STAT_NAME_BYTES) &&
	       lies_within(segment, entry->labels, entry->instances, STAT_LABEL_BYTES) &&
	       lies_within(segment, entry->slots, entry->instances, entry->stride);
}

/* Copy the directory and check it against the file. 0 or -EPROTO. */
static int read_directory(struct stat_segment *segment)
{
	struct header header;

	memcpy(&header, segment->base, sizeof(header));
	memcpy(segment->entries, segment->base + sizeof(header), sizeof(segment->entries));
	if (memcmp(header.magic, MAGIC, sizeof(header.magic)) || header.version != VERSION ||
	        header.scopes != STAT_SCOPES || header.size != segment->size ||
	        header.table_hash != stat_table_hash())
		return -EPROTO;
	for (unsigned scope = 0; scope < STAT_SCOPES; scope++)
		if (!entry_is_sound(segment, scope))
			return -EPROTO;
	return 0;
}

/* Size of the regular file @fd, or -errno; -EPROTO when it is too small for a segment. */
static int64_t file_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) ||
	        st.st_size < (off_t)(sizeof(struct header) + STAT_SCOPES * sizeof(struct entry)))
		return -EPROTO;
	return st.st_size;
}

int stat_open(struct stat_segment **ret_stat, const char *path)
{
	struct stat_segment *segment = calloc(1, sizeof(*segment));
	int fd, err = 0;
	int64_t size;

	if (!segment)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
	size = fd < 0 ? -errno : file_size(fd);
	if (size < 0)
		err = (int)size;
	if (!err)
		err = map(segment, fd, (size_t)size, PROT_READ);
	if (!err)
		err = read_directory(segment);
	if (fd >= 0)
		close(fd);
	if (err) {
		stat_close(segment);
		return err;
	}
	*ret_stat = segment;
	return 0;
}

bool stat_stale(const struct stat_segment *segment, const char *path)
{
	struct stat st;

	return lstat(path, &st) || st.st_dev != segment->dev || st.st_ino != segment->ino;
}

void stat_close(struct stat_segment *segment)
{
	if (segment && segment->base)
		munmap(segment->base, segment->size);
	free(segment);
}

unsigned stat_instances(const struct stat_segment *segment, enum stat_scope scope)
{
	return segment->entries[scope].instances;
}

uint64_t *stat_slot(const struct stat_segment *segment, enum stat_scope scope, unsigned instance)
{
	const struct entry *entry = &segment->entries[scope];

	if (instance >= entry->instances)
		return NULL;
	return (uint64_t *)(void *)(segment->base + entry->slots + entry->stride * instance);
}

static char *label_at(const struct stat_segment *segment, enum stat_scope scope, unsigned instance)
{
	const struct entry *entry = &segment->entries[scope];

	if (instance >= entry->instances)
		return NULL;
	return (char *)segment->base + entry->labels + (uint64_t)instance * STAT_LABEL_BYTES;
}

void stat_set_label(struct stat_segment *segment, enum stat_scope scope, unsigned instance, const char *label)
{
	char *at = label_at(segment, scope, instance);
	char text[STAT_LABEL_BYTES] = { 0 };

	if (!at)
		return;
	snprintf(text, sizeof(text), "%s", label);
	memcpy(at, text, sizeof(text));
}

const char *stat_label(const struct stat_segment *segment, enum stat_scope scope, unsigned instance)
{
	const char *at = label_at(segment, scope, instance);

	return at && memchr(at, '\0', STAT_LABEL_BYTES) ? at : "";
}
