/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of recordings: from the template to a safe file name, and what the files around it are called.
 *
 *   demo_video0_1710123456.ivf            the finished recording
 *   demo_video0_1710123456.ivf.json       its sidecar
 *   .demo_video0_1710123456.ivf.part      while open
 *   .demo_video0_1710123456.ivf.journal   what the sidecar will be made of, while open
 *   .demo_video0_1710123456.ivf.upload    the upload's ledger
 *
 * Any thread; nothing here touches a disk.
 */
#ifndef BASE_NAME_H
#define BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/limits.h"

#define NAME_BYTES      (LIMIT_FILE_NAME_BYTES + 1)
#define NAME_FILE_BYTES (NAME_BYTES + 16) /* with the leading dot and the longest ending */

struct name_parts {
	const char *room, *participant, *track_id, *session_id, *ext; /* UTF-8; NULL counts as empty */
	uint64_t unix_s;                                              /* of the first packet */
};

enum name_kind { NAME_FINAL, NAME_SIDECAR, NAME_PART, NAME_JOURNAL, NAME_LEDGER };

/* Fill the template ({room} {participant} {trackID} {session} {timestamp} {ext}) and make it safe: every byte
 * outside [A-Za-z0-9._-] becomes '-' (a run of UTF-8 bytes of one character gives one '-'), leading dots too,
 * an empty part becomes "-", the whole is cut to LIMIT_FILE_NAME_BYTES with the extension kept. @copy above 1
 * puts "-<copy>" before the extension. Returns 0 or -EINVAL (unknown placeholder, no ".{ext}" at the end,
 * extension too long). ret_name holds NAME_BYTES. */
int name_make(char ret_name[NAME_BYTES], const char *template, const struct name_parts *parts, unsigned copy);

/* 0, or -EINVAL with a sentence in *ret_why (static storage) when a template would not give distinct,
 * playable names: it ends with .{ext}, and has {trackID} and one of {timestamp} and {session}. With {session}
 * alone the files of one track differ by their copy number only: it must go on counting where an earlier file
 * may be gone already. */
int name_check_template(const char *template, const char **ret_why);

/* The file of @kind that belongs to the recording @name; ret_file holds NAME_FILE_BYTES. */
void name_file(char ret_file[NAME_FILE_BYTES], const char *name, enum name_kind kind);

/* The other way: what a directory entry is; false when it is none of ours. ret_name (NAME_BYTES) gets the
 * recording. */
bool name_parse(const char *entry, char ret_name[NAME_BYTES], enum name_kind *ret_kind);

/* Whether @name is one that name_make could have made: safe to join to a directory, no '/', no leading dot,
 * the extension of a known codec (so that the files around a recording, and files that are not ours, are
 * none). */
bool name_valid(const char *name);

/* "video/x-ivf", "audio/ogg", or "application/octet-stream" by the extension. Static storage. */
const char *name_content_type(const char *name);

#endif
