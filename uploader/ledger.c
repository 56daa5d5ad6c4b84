/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/limits.h"

#define HEADER "wirespool-upload 1"

static const char *const states[] = { [LEDGER_PUT] = "put",
	[LEDGER_CREATING] = "creating",
	[LEDGER_PARTS] = "parts",
	[LEDGER_COMPLETING] = "completing",
	[LEDGER_DONE] = "done" };

void ledger_free(struct ledger *ledger)
{
	free(ledger->target);
	free(ledger->upload_id);
	multipart_free(&ledger->parts);
	memset(ledger, 0, sizeof(*ledger));
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decode @text into @out; the length, or -EBADMSG when it is empty, broken, or does not fit. */
static int decode(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text; text++) {
		int c = (unsigned char)*text;

		if (c == '%') {
			int high = digit(text[1]), low = high < 0 ? -1 : digit(text[2]);

			c = low < 0 ? 0 : high << 4 | low;
			text += 2;
		}
		if (c < 0x20 || n + 1 >= size)
			return -EBADMSG;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n ? (int)n : -EBADMSG;
}

static int read_string(char **ret, const char *text, size_t size)
{
	char *buf = *ret ? NULL : malloc(size);

	if (!buf)
		return *ret ? -EBADMSG : -ENOMEM;
	int len = decode(text, buf, size);
	if (len < 0)
		free(buf);
	else
		*ret = buf;
	return len < 0 ? len : 0;
}

/* Decimal digits and nothing else. */
static int read_u64(uint64_t *ret, const char *text)
{
	uint64_t value = 0;

	if (!*text)
		return -EBADMSG;
	for (; *text; text++) {
		unsigned c = (unsigned)(*text - '0');

		if (c > 9 || __builtin_mul_overflow(value, 10, &value) ||
		        __builtin_add_overflow(value, c, &value))
			return -EBADMSG;
	}
	*ret = value;
	return 0;
}

static int read_state(struct ledger *l, const char *text)
{
	for (size_t i = LEDGER_PUT; i < sizeof(states) / sizeof(states[0]); i++) {
		if (!strcmp(text, states[i])) {
			l->state = (enum ledger_state)i;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_part_size(struct ledger *l, const char *text)
{
	uint64_t size;

	if (l->parts.part_size || read_u64(&size, text) || size < MULTIPART_MIN_BYTES ||
	        size > MULTIPART_MAX_BYTES)
		return -EBADMSG;
	multipart_init(&l->parts, size);
	return 0;
}

static int read_digest(struct multipart_part *part, const char *hex)
{
	size_t len = strlen(hex);

	if (len != 32 && len != 64)
		return -EBADMSG;
	for (size_t i = 0; i < len / 2; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		part->digest[i] = (uint8_t)(high << 4 | low);
	}
	part->digest_bytes = (uint8_t)(len / 2);
	return 0;
}

static int read_part(struct ledger *l, char *text)
{
	struct multipart_part part = { 0 };
	char *fields[4], *save = NULL;
	uint64_t number;

	for (size_t i = 0; i < 4; i++) {
		fields[i] = strtok_r(i ? NULL : text, " ", &save);
		if (!fields[i])
			return -EBADMSG;
	}
	if (!l->parts.part_size || strtok_r(NULL, " ", &save) || read_u64(&number, fields[0]) ||
	        number > LIMIT_UPLOAD_PARTS || read_u64(&part.bytes, fields[1]) ||
	        read_digest(&part, fields[2]) || decode(fields[3], part.etag, sizeof(part.etag)) < 0)
		return -EBADMSG;
	int error = multipart_restore(&l->parts, (unsigned)number, &part);
	return error == -EINVAL ? -EBADMSG : error;
}

static int read_line(struct ledger *l, char *line)
{
	char *value = strchr(line, ' ');

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	if (!strcmp(line, "state"))
		return read_state(l, value);
	if (!strcmp(line, "target"))
		return read_string(&l->target, value, LEDGER_TARGET_BYTES);
	if (!strcmp(line, "id"))
		return read_string(&l->upload_id, value, S3_UPLOAD_ID_BYTES);
	if (!strcmp(line, "part_size"))
		return read_part_size(l, value);
	if (!strcmp(line, "part"))
		return read_part(l, value);
	if (!strcmp(line, "size"))
		return read_u64(&l->size, value);
	if (!strcmp(line, "finished"))
		return read_u64(&l->finished_unix_ns, value);
	if (!strcmp(line, "etag"))
		return decode(value, l->etag, sizeof(l->etag)) < 0 ? -EBADMSG : 0;
	return -EBADMSG;
}

/* Whether a ledger that reads well also makes sense. */
static int check(const struct ledger *l)
{
	bool has_upload = l->upload_id && l->parts.part_size;

	if (!l->target || l->state == LEDGER_NONE)
		return -EBADMSG;
	if (l->state == LEDGER_PARTS || l->state == LEDGER_COMPLETING)
		return has_upload ? 0 : -EBADMSG;
	return 0;
}

/* @text is a string that this changes. */
static int parse(struct ledger *l, char *text)
{
	bool ended = false;
	unsigned lines = 0;
	int error = 0;

	while (!error && *text) {
		char *end = strchr(text, '\n');

		if (!end || ended)
			return -EBADMSG;
		*end = '\0';
		if (!lines++)
			error = strcmp(text, HEADER) ? -EBADMSG : 0;
		else if (!strcmp(text, "end"))
			ended = true;
		else
			error = read_line(l, text);
		text = end + 1;
	}
	return error ? error : ended ? check(l) : -EBADMSG;
}

int ledger_parse(struct ledger *ret_ledger, const char *text, size_t len)
{
	struct ledger ledger = { 0 };

	if (len > LEDGER_BYTES || memchr(text, '\0', len))
		return -EBADMSG;
	char *copy = strndup(text, len);
	int error = copy ? parse(&ledger, copy) : -ENOMEM;
	free(copy);
	if (error)
		ledger_free(&ledger);
	else
		*ret_ledger = ledger;
	return error;
}

static void print_part(FILE *out, unsigned number, const struct multipart_part *part)
{
	fprintf(out, "part %u %llu ", number, (unsigned long long)part->bytes);
	for (unsigned i = 0; i < part->digest_bytes; i++)
		fprintf(out, "%02x", part->digest[i]);
	fputc(' ', out);
	sigv4_encode(out, part->etag, 0);
	fputc('\n', out);
}

int ledger_print(const struct ledger *ledger, char **ret_text, size_t *ret_len)
{
	FILE *out = open_memstream(ret_text, ret_len);

	if (!out)
		return -ENOMEM;
	fprintf(out, HEADER "\nstate %s\ntarget ", states[ledger->state]);
	sigv4_encode(out, ledger->target, 1);
	if (ledger->upload_id) {
		fputs("\nid ", out);
		sigv4_encode(out, ledger->upload_id, 0);
	}
	if (ledger->parts.part_size)
		fprintf(out, "\npart_size %llu", (unsigned long long)ledger->parts.part_size);
	fputc('\n', out);
	for (unsigned i = 0; i < ledger->parts.room; i++) {
		if (ledger->parts.parts[i].state >= MULTIPART_SENT)
			print_part(out, i + 1, &ledger->parts.parts[i]);
	}
	if (ledger->state == LEDGER_DONE) {
		fprintf(out, "size %llu\nfinished %llu\n", (unsigned long long)ledger->size,
		        (unsigned long long)ledger->finished_unix_ns);
		if (ledger->etag[0]) {
			fputs("etag ", out);
			sigv4_encode(out, ledger->etag, 0);
			fputc('\n', out);
		}
	}
	fputs("end\n", out);
	if (fclose(out)) {
		free(*ret_text);
		return -ENOMEM;
	}
	return 0;
}
