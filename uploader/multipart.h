/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of one multipart upload: which bytes each covers, how far each is, and which one is next.
 *
 * Part k covers bytes [(k - 1) x part_size, k x part_size); only the last may be shorter, as strict stores
 * demand, so the part size is chosen once, when the upload is begun. A recording that grows sends its parts
 * 2, 3, … as they fill: never part 1 (its header is patched at close) and never the last 128 KiB of what may
 * be read (the last page of an Ogg file may be rewritten at close). A part that was sent while the recording
 * grew, or by a process that died, counts as SENT until it has been compared with the finished file, and as
 * GOOD from then on.
 *
 * Largest file: LIMIT_UPLOAD_PARTS x part_size, 78 GiB with the default of 8 MiB; a growing recording that
 * passes it is begun anew with larger parts. With record.max_size_mb the part size is large enough from the
 * start. The uploader's thread only. Source: S3 user guide, "Amazon S3 multipart upload limits".
 */
#ifndef UPLOADER_MULTIPART_H
#define UPLOADER_MULTIPART_H

#include <stdbool.h>
#include <stdint.h>
#include "uploader/s3.h"

#define MULTIPART_KEEP_BACK_BYTES (128u << 10)
#define MULTIPART_MIN_BYTES       (5ull << 20)
#define MULTIPART_MAX_BYTES       (5ull << 30)
#define MULTIPART_DIGEST_BYTES    32

enum multipart_state {
	MULTIPART_MISSING,
	MULTIPART_BUSY,
	MULTIPART_SENT,
	MULTIPART_CHECKING,
	MULTIPART_GOOD
};

struct multipart_part {
	uint64_t bytes;
	enum multipart_state state;
	uint8_t digest[MULTIPART_DIGEST_BYTES]; /* of the bytes as they were sent */
	uint8_t digest_bytes;                   /* 16: MD5, 32: SHA-256 */
	char etag[S3_ETAG_BYTES];
};

struct multipart {
	uint64_t part_size, size;
	bool finished;
	unsigned count; /* parts that can be seen by now */
	unsigned room;
	struct multipart_part *parts; /* [0] is part 1 */
};

/* The part size for a file of @size bytes, of which it is known that it will not pass @max_size (0: not
 * known), where
 * @wish is asked for. 0 when there is none: the file is too large for any store. */
uint64_t multipart_part_size(uint64_t wish, uint64_t size, uint64_t max_size);

void multipart_init(struct multipart *mp, uint64_t part_size);
void multipart_free(struct multipart *mp);

/* The recording has @size bytes by now, or for good. 0, -ENOMEM, -EFBIG (needs more parts than there may be).
 */
int multipart_resize(struct multipart *mp, uint64_t size, bool finished);

/* Put a part as a ledger remembers it, SENT. 0, -ENOMEM, -EINVAL (number or length out of bounds). */
int multipart_restore(struct multipart *mp, unsigned number, const struct multipart_part *part);

/* The next part to send (MISSING) or, once finished, to compare (SENT); 0 when there is none now. */
unsigned multipart_next(const struct multipart *mp);

/* Whether a growing file has its first part to send: time to begin the upload. */
bool multipart_worth(uint64_t part_size, uint64_t readable);

/* Whether every part of the finished file is GOOD. */
bool multipart_ready(const struct multipart *mp);

uint64_t multipart_offset(const struct multipart *mp, unsigned number);
uint64_t multipart_bytes(const struct multipart *mp, unsigned number);
uint64_t multipart_sent_bytes(const struct multipart *mp);

/* The ETag that most stores give the object: MD5 over the parts' MD5s, "-", count. False when a part's ETag
 * is no MD5. */
bool multipart_etag(const struct multipart *mp, char ret_etag[S3_ETAG_BYTES]);

/* The body of CompleteMultipartUpload, to be freed; NULL when memory is short. */
char *multipart_complete_body(const struct multipart *mp);

#endif
