/* SPDX-License-Identifier: BSD-3-Clause */
/* text:  2026-11-21T01:02:03.456Z wirespool-control warn: what happened
 * json:  {"time":"2026-11-21T01:02:03.456Z","level":"warn","process":"wirespool-control","session":"s_1",
 *        "message":"what happened"}
 * With journald behind it each begins with the priority, "<4>".
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/utf8.h"

#define LINE_BYTES 2048
#define IDS_BYTES  1536 /* of a line, at most: the message has the rest */
#define TAIL_BYTES 8    /* "...", quote, brace, new line */

/* What journald takes off a line's beginning, and keeps as its priority: sd-daemon(3). */
static const char *const level_priorities[] = { "<3>", "<4>", "<6>", "<7>" };
static const char *const level_names[] = { "error", "warn", "info", "debug" };

static struct {
	char process[64];
	enum log_level level;
	enum log_format format;
	bool to_journal;
} setup = { .process = "wirespool", .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_TEXT };

struct line {
	size_t len;
	bool cut;
	char text[LINE_BYTES];
};

/* Append all of @bytes, or nothing of it and no more after it. */
static void append(struct line *line, const char *bytes, size_t len)
{
	if (line->cut || len > LINE_BYTES - TAIL_BYTES - line->len) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->len, bytes, len);
	line->len += len;
}

static void append_string(struct line *line, const char *text)
{
	append(line, text, strlen(text));
}

/* One byte that may not stand as it is: a control character, or no UTF-8. */
static void append_byte(struct line *line, unsigned char byte)
{
	char escaped[8];
	const char *form = setup.format == LOG_FORMAT_JSON ? "\\u%04x" : "\\x%02x";

	if (byte == '\n')
		append(line, "\\n", 2);
	else if (byte == '\t')
		append(line, "\\t", 2);
	else if (byte >= 0x80 && setup.format == LOG_FORMAT_JSON)
		append_string(line, "\xEF\xBF\xBD"); /* U+FFFD */
	else
		append(line, escaped, (size_t)snprintf(escaped, sizeof(escaped), form, byte));
}

/* @text with all that could break the line, or drive a terminal, escaped. */
static void append_escaped(struct line *line, const char *text)
{
	bool json = setup.format == LOG_FORMAT_JSON;

	for (size_t len; *text; text += len) {
		unsigned char byte = (unsigned char)*text;
		bool c1 = byte == 0xC2 && (unsigned char)text[1] < 0xA0; /* U+0080 to U+009F: 0x9B is a CSI */

		len = utf8_bytes(text);
		if (!len || c1 || byte < 0x20 || byte == 0x7f) {
			len = 1;
			append_byte(line, byte);
			continue;
		}
		if (json && (byte == '"' || byte == '\\'))
			append(line, byte == '"' ? "\\\"" : "\\\\", 2);
		else
			append(line, text, len);
	}
}

/* "session":"s_1", whole or not at all. */
static void append_id(struct line *line, const char *name, const char *id)
{
	size_t len = line->len;

	if (!id || !*id)
		return;
	append_string(line, ",\"");
	append_string(line, name);
	append_string(line, "\":\"");
	append_escaped(line, id);
	append_string(line, "\"");
	if (!line->cut && line->len <= IDS_BYTES)
		return;
	line->len = len;
	line->cut = false;
}

static void append_ids(struct line *line, const struct log_ids *ids)
{
	append_id(line, "session", ids->session);
	append_id(line, "room", ids->room);
	append_id(line, "track", ids->track);
	append_id(line, "record", ids->record);
}

static void build(struct line *line, enum log_level level, const struct log_ids *ids, const char *message)
{
	bool json = setup.format == LOG_FORMAT_JSON;
	char time[CLK_RFC3339_BYTES];

	append_string(line, setup.to_journal ? level_priorities[level] : "");
	append_string(line, json ? "{\"time\":\"" : "");
	append_string(line, clk_rfc3339(time, clk_wall_ns(), 3));
	append_string(line, json ? "\",\"level\":\"" : " ");
	append_string(line, json ? level_names[level] : setup.process);
	append_string(line, json ? "\",\"process\":\"" : " ");
	append_string(line, json ? setup.process : level_names[level]);
	append_string(line, json ? "\"" : ": ");
	if (json && ids)
		append_ids(line, ids);
	append_string(line, json ? ",\"message\":\"" : "");
	append_escaped(line, message);
	line->len +=
	        (size_t)sprintf(line->text + line->len, "%s%s\n", line->cut ? "..." : "", json ? "\"}" : "");
}

/* Whether standard error is the stream that the service manager tied to the journal: "device:inode". */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return !strcmp(stream, ours);
}

void log_setup(const char *process, enum log_level level, enum log_format format)
{
	snprintf(setup.process, sizeof(setup.process), "%s", process);
	setup.level = level;
	setup.format = format;
	setup.to_journal = is_journal();
}

static void log_write(enum log_level level, const struct log_ids *ids, const char *format, va_list args)
{
	int saved = errno;
	char message[LINE_BYTES];
	struct line line;

	vsnprintf(message, sizeof(message), format, args);
	line.len = 0;
	line.cut = false;
	build(&line, level, ids, message);
	/* Nobody could be told that this failed; a signal before the first byte is no reason to lose the
	 * line. */
	while (write(STDERR_FILENO, line.text, line.len) < 0 && errno == EINTR)
		;
	errno = saved;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > setup.level)
		return;
	va_start(args, format);
	log_write(level, NULL, format, args);
	va_end(args);
}

void log_with(enum log_level level, const struct log_ids *ids, const char *format, ...)
{
	va_list args;

	if (level > setup.level)
		return;
	va_start(args, format);
	log_write(level, ids, format, args);
	va_end(args);
}
