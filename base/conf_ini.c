/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_ini.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/conf_parse.h"

struct source {
	struct conf *conf;
	struct conf_report *report;
	const char *at, *end; /* what is left of the file */
	unsigned line;        /* of the line inih looks at; inih itself does not tell */
	int err;
};

/* The whole file on the heap. 0 or -errno. */
static int slurp(const char *path, char **ret_text, size_t *ret_len)
{
	char *text = malloc(CONF_INI_FILE_BYTES + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0 || !text)
		err = fd < 0 ? -errno : -ENOMEM;
	while (!err && n && len <= CONF_INI_FILE_BYTES) {
		n = read(fd, text + len, CONF_INI_FILE_BYTES + 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			err = -errno;
	}
	if (!err && len > CONF_INI_FILE_BYTES)
		err = -EFBIG;
	if (fd >= 0)
		close(fd);
	if (err) {
		if (text)
			explicit_bzero(text, len);
		free(text);
		return err;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* Report what inih would swallow: a section without its ']', with something behind it, or one that is not
 * known. */
static void check_section(struct source *source, const char *line, size_t len)
{
	const char *end = memchr(line, ']', len);
	char name[64] = "";
	size_t at;

	if (!end) {
		conf_report_at(source->report, source->line, "'[' without ']'; a section is [name]");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(end - line - 1), line + 1);
	if (!conf_row_in_section(name))
		conf_report_at(source->report, source->line,
		        "[%.50s]: unknown section; allowed: record, upload, s3, ingest, dataplane, control, "
		        "log",
		        name);
	for (at = (size_t)(end + 1 - line); at < len && isspace((unsigned char)line[at]); at++)
		;
	if (at < len && line[at] != ';' && line[at] != '#')
		conf_report_at(
		        source->report, source->line, "text behind ']'; a section stands alone on its line");
}

/* The line as inih may see it: not continued from the one before (no white space in front), no NUL, at most
 * @max. */
static size_t trim_line(struct source *source, const char **line, size_t len, size_t max)
{
	while (len && isspace((unsigned char)**line))
		++*line, len--;
	if (memchr(*line, '\0', len)) {
		conf_report_at(source->report, source->line, "holds a NUL byte; allowed: text");
		return 0;
	}
	if (len > max) {
		conf_report_at(
		        source->report, source->line, "line of %zu bytes; allowed: up to %zu", len, max);
		return 0;
	}
	if (!len || **line != '[')
		return len;
	check_section(source, *line, len);
	if (!memchr(*line, ']', len)) {
		*line = "[?]"; /* so that what follows does not fall to the section before */
		len = 3;
	}
	return len;
}

/* inih's fgets: the next line into @buf. Called once a line, so it can count them; what was there is wiped.
 */
static char *next_line(char *buf, int size, void *arg)
{
	struct source *source = arg;
	const char *line = source->at, *end;
	size_t len;

	explicit_bzero(buf, (size_t)size);
	if (source->at == source->end)
		return NULL;
	end = memchr(line, '\n', (size_t)(source->end - line));
	source->at = end ? end + 1 : source->end;
	len = (size_t)((end ? end : source->end) - line);
	if (!source->line++ && len >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3))
		line += 3, len -= 3;
	len = trim_line(source, &line, len,
	        (size_t)size - 3); /* room for new line and NUL, and inih wants one more */
	memcpy(buf, line, len);
	buf[len] = '\n';
	return buf;
}

/* A copy of @value without its comment. */
static char *without_comment(const struct conf_row *row, const char *value)
{
	bool is_list = row->type == CONF_LIST || row->type == CONF_WORDS;
	const char *begins = is_list ? "#" : "#;", *before = is_list ? CONF_PARSE_LIST : " \t";
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if (strchr(begins, value[i]) && (i == 0 || strchr(before, value[i - 1])))
			len = i;
	while (len && strchr(" \t", value[len - 1]))
		len--;
	return strndup(value, len);
}

static void report_expansion(
        struct conf_report *report, enum conf_row_id row, int err, const char *at, size_t len)
{
	if (err == -ENOENT)
		conf_report_row(report, row, "%.*s is not set in the environment; set it, or write the value",
		        (int)len, at);
	else if (err == -EINVAL)
		conf_report_row(report, row, "'%.*s' is no variable; allowed: ${NAME}, or $${ for a plain ${",
		        (int)(len < 40 ? len : 40), at);
	else
		conf_report_row(report, row, "too long with its variables; allowed: %d bytes",
		        CONF_PARSE_VALUE_BYTES);
}

/* Whether @row may do without what its ${VAR} stands for. */
static bool may_lack(const struct conf_report *report, enum conf_row_id row)
{
	char env[CONF_ROW_ENV_BYTES];

	if (report->peeks || (report->without && getenv(conf_row_env(&conf_rows[row], env))))
		return true;
	for (const char *const *name = report->without; name && *name; name++)
		if (!strcmp(*name, conf_rows[row].section))
			return true;
	return false;
}

/* Expand, parse and store. 0, also when the value is wrong and was reported; or -ENOMEM. */
static int take_value(struct source *source, enum conf_row_id row, const char *raw)
{
	char *plain = without_comment(&conf_rows[row], raw), *text = NULL;
	const char *at = NULL, *why = NULL;
	size_t len = 0;
	int err = plain ? conf_parse_expand(&text, plain, &at, &len) : -ENOMEM;

	if (err == -ENOENT && may_lack(source->report, row)) {
		source->report->origins[row].lacks = true;
		err = 0; /* the default stays */
	} else if (err && err != -ENOMEM) {
		report_expansion(source->report, row, err, at, len);
		err = 0;
	} else if (!err) {
		err = conf_row_set(&conf_rows[row], source->conf, text, &why);
		if (err == -EINVAL) {
			conf_report_value(source->report, row, text, why);
			err = 0;
		}
	}
	conf_parse_wipe(text);
	conf_parse_wipe(plain);
	return err;
}

/* A key that is in no row. In an unknown section it is passed over: the section was reported. */
static void report_unknown(struct source *source, const char *section, const char *key)
{
	if (!*section)
		conf_report_at(source->report, source->line,
		        "'%.50s' stands before any section; [section] comes first", key);
	else if (conf_row_in_section(section))
		conf_report_at(source->report, source->line,
		        "[%s] %.50s: unknown key; --sample-config lists those of the section", section, key);
}

/* inih's callback. Always 1: errors are counted by the report. */
static int take_entry(void *arg, const char *section, const char *key, const char *value)
{
	struct source *source = arg;
	int row = conf_row_find(section, key);
	struct conf_origin *origin;

	if (!value) {
		conf_report_at(
		        source->report, source->line, "'%.50s' has no value; allowed: key = value", key);
		return 1;
	}
	if (row < 0) {
		report_unknown(source, section, key);
		return 1;
	}
	origin = &source->report->origins[row];
	if (origin->line) {
		conf_report_at(source->report, source->line,
		        "[%s] %s: given twice, first in line %u; allowed: once", section, key, origin->line);
		return 1;
	}
	origin->line = source->line;
	if (take_value(source, (enum conf_row_id)row, value))
		source->err = -ENOMEM;
	return 1;
}

int conf_ini_read(struct conf *conf, struct conf_report *report)
{
	struct source source = { .conf = conf, .report = report };
	char *text;
	size_t len;
	int err = slurp(report->path, &text, &len);

	if (err)
		return err;
	source.at = text;
	source.end = text + len;

	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_initial_alloc = ini_max_line = CONF_INI_LINE_BYTES + 3;
	ini_allow_no_value = true;
	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	if (ini_parse_stream(next_line, &source, take_entry, &source) == -2)
		source.err = -ENOMEM;

	explicit_bzero(text, len);
	free(text);
	return source.err;
}
