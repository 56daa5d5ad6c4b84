/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of an upload on disk, in `.<name>.upload` beside the recording, so that a killed process
 * goes on where it was and nothing is uploaded twice. Text, one fact a line:
 *
 *   wirespool-upload 1
 *   state parts                     put, creating, parts, completing or done
 *   target host[/bucket]/key        percent-encoded; an upload to elsewhere is not gone on with
 *   id <upload id>                  percent-encoded; states parts and completing
 *   part_size 8388608
 *   part 2 8388608 <digest> <ETag>  number, bytes, MD5 or SHA-256 as hex; the ETag percent-encoded
 *   size 123456                     of the file; state done
 *   etag <ETag>                     state done
 *   finished 1710123456000000000    Unix ns; state done
 *   end
 *
 * The file is written beside, synced and renamed over the old one, then the directory is synced. It is
 * foreign bytes when it is read: what is not exactly of this form counts as no ledger. The uploader's thread
 * only.
 */
#ifndef UPLOADER_LEDGER_H
#define UPLOADER_LEDGER_H

#include <stddef.h>
#include <stdint.h>
#include "uploader/multipart.h"

#define LEDGER_BYTES        (4u << 20) /* 10,000 parts with long ETags stay below */
#define LEDGER_TARGET_BYTES 4096
#define LEDGER_NEW          ".upload.new" /* ending of a ledger that is being written */

enum ledger_state {
	LEDGER_NONE,     /* nothing begun; never on disk */
	LEDGER_PUT,      /* the object was, or is going to be, sent in one PUT */
	LEDGER_CREATING, /* an upload was, or is going to be, begun: its id is not known */
	LEDGER_PARTS,
	LEDGER_COMPLETING, /* the completion was, or is going to be, asked for */
	LEDGER_DONE
};

struct ledger {
	enum ledger_state state;
	char *target, *upload_id; /* NULL: none */
	struct multipart parts;
	uint64_t size, finished_unix_ns;
	char etag[S3_ETAG_BYTES];
};

void ledger_free(struct ledger *ledger);

/* Text to ledger and back. ledger_parse: 0, -EBADMSG, -ENOMEM. ledger_print: 0 with *ret_text to be freed, or
 * -ENOMEM. */
int ledger_parse(struct ledger *ret_ledger, const char *text, size_t len);
int ledger_print(const struct ledger *ledger, char **ret_text, size_t *ret_len);

/* The ledger of recording @name in directory @dir (a descriptor). 0, -ENOENT, -EBADMSG, -ENOMEM, or why it is
 * unreadable. */
int ledger_load(struct ledger *ret_ledger, int dir, const char *name);

/* Make @ledger durable. 0 or -errno; the old one stays then. */
int ledger_save(const struct ledger *ledger, int dir, const char *name);

void ledger_remove(int dir, const char *name);

#endif
