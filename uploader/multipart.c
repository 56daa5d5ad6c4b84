/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/multipart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include "base/limits.h"

#define MIB (1ull << 20)

uint64_t multipart_part_size(uint64_t wish, uint64_t size, uint64_t max_size)
{
	/* A file is closed at the first frame past max_size: a sixteenth more is ample. */
	uint64_t expected = max_size + max_size / 16;
	uint64_t want = size > expected ? size : expected;
	uint64_t part = wish < MULTIPART_MIN_BYTES ? MULTIPART_MIN_BYTES : wish;
	uint64_t least = (want + LIMIT_UPLOAD_PARTS - 1) / LIMIT_UPLOAD_PARTS;

	if (least > part)
		part = (least + MIB - 1) / MIB * MIB;
	if (part > MULTIPART_MAX_BYTES)
		part = MULTIPART_MAX_BYTES;
	return size > part * LIMIT_UPLOAD_PARTS ? 0 : part;
}

void multipart_init(struct multipart *mp, uint64_t part_size)
{
	*mp = (struct multipart){ .part_size = part_size };
}

void multipart_free(struct multipart *mp)
{
	free(mp->parts);
	*mp = (struct multipart){ 0 };
}

static int make_room(struct multipart *mp, unsigned count)
{
	if (count <= mp->room)
		return 0;
	unsigned room = mp->room * 2 > count ? mp->room * 2 : count + 7;
	struct multipart_part *parts = reallocarray(mp->parts, room, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	memset(parts + mp->room, 0, (room - mp->room) * sizeof(*parts));
	mp->parts = parts;
	mp->room = room;
	return 0;
}

int multipart_resize(struct multipart *mp, uint64_t size, bool finished)
{
	uint64_t settled = size > MULTIPART_KEEP_BACK_BYTES ? size - MULTIPART_KEEP_BACK_BYTES : 0;
	uint64_t count = finished ? (size + mp->part_size - 1) / mp->part_size : settled / mp->part_size;

	if (finished && !count)
		count = 1;
	if (count > LIMIT_UPLOAD_PARTS)
		return -EFBIG;
	int error = make_room(mp, (unsigned)count);
	if (error)
		return error;
	mp->size = size;
	mp->finished = finished;
	mp->count = (unsigned)count;
	return 0;
}

int multipart_restore(struct multipart *mp, unsigned number, const struct multipart_part *part)
{
	if (!number || number > LIMIT_UPLOAD_PARTS || part->bytes > mp->part_size)
		return -EINVAL;
	int error = make_room(mp, number);
	if (error)
		return error;
	mp->parts[number - 1] = *part;
	mp->parts[number - 1].state = MULTIPART_SENT;
	return 0;
}

unsigned multipart_next(const struct multipart *mp)
{
	for (unsigned i = 1; i < mp->count; i++) {
		enum multipart_state state = mp->parts[i].state;

		if (state == MULTIPART_MISSING || (mp->finished && state == MULTIPART_SENT))
			return i + 1;
	}
	if (!mp->finished)
		return 0;
	return mp->parts[0].state == MULTIPART_MISSING || mp->parts[0].state == MULTIPART_SENT;
}

bool multipart_worth(uint64_t part_size, uint64_t readable)
{
	return readable >= 2 * part_size + MULTIPART_KEEP_BACK_BYTES;
}

bool multipart_ready(const struct multipart *mp)
{
	for (unsigned i = 0; i < mp->count; i++) {
		if (mp->parts[i].state != MULTIPART_GOOD)
			return false;
	}
	return mp->finished;
}

uint64_t multipart_offset(const struct multipart *mp, unsigned number)
{
	return (number - 1) * mp->part_size;
}

uint64_t multipart_bytes(const struct multipart *mp, unsigned number)
{
	uint64_t offset = multipart_offset(mp, number);

	if (offset >= mp->size)
		return 0;
	return mp->size - offset < mp->part_size ? mp->size - offset : mp->part_size;
}

uint64_t multipart_sent_bytes(const struct multipart *mp)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < mp->count; i++) {
		if (mp->parts[i].state >= MULTIPART_SENT)
			bytes += mp->parts[i].bytes;
	}
	return bytes;
}

static void bytes_of_hex(uint8_t *out, const char *hex, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

bool multipart_etag(const struct multipart *mp, char ret_etag[S3_ETAG_BYTES])
{
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	bool good = md5 && EVP_DigestInit_ex(md5, EVP_md5(), NULL);

	for (unsigned i = 0; good && i < mp->count; i++) {
		good = s3_etag_is_md5(mp->parts[i].etag, false);
		if (good) {
			bytes_of_hex(digest, mp->parts[i].etag, 16);
			good = EVP_DigestUpdate(md5, digest, 16);
		}
	}
	good = good && EVP_DigestFinal_ex(md5, digest, NULL);
	EVP_MD_CTX_free(md5);
	if (!good)
		return false;
	for (size_t i = 0; i < 16; i++)
		snprintf(ret_etag + 2 * i, 3, "%02x", digest[i]);
	snprintf(ret_etag + 32, S3_ETAG_BYTES - 32, "-%u", mp->count);
	return true;
}

static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("&<>\"", *text))
			fprintf(out, "&#%d;", *text);
		else
			fputc(*text, out);
	}
}

char *multipart_complete_body(const struct multipart *mp)
{
	char *body = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&body, &len);

	if (!out)
		return NULL;
	fputs("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", out);
	for (unsigned i = 0; i < mp->count; i++) {
		fprintf(out, "<Part><PartNumber>%u</PartNumber><ETag>\"", i + 1);
		print_escaped(out, mp->parts[i].etag);
		fputs("\"</ETag></Part>", out);
	}
	fputs("</CompleteMultipartUpload>", out);
	if (fclose(out)) {
		free(body);
		return NULL;
	}
	return body;
}
