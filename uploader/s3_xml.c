/* SPDX-License-Identifier: BSD-3-Clause */
/* <?xml …?><Root xmlns="…"><Name>text</Name><Empty/></Root>, with white space before it (keep-alive of a long
 * answer) */
#include "uploader/s3_xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct slice {
	const char *at;
	size_t len;
};

enum token { TOKEN_OPEN, TOKEN_CLOSE, TOKEN_TEXT, TOKEN_CDATA, TOKEN_END, TOKEN_BAD };

struct scan {
	const char *at, *end;
	struct slice empty; /* <Name/>: its close is still to be reported */
};

static bool starts(const struct scan *s, const char *with)
{
	size_t len = strlen(with);

	return (size_t)(s->end - s->at) >= len && !memcmp(s->at, with, len);
}

/* Go past the next @mark; false when there is none. */
static bool skip_past(struct scan *s, const char *mark)
{
	const char *found = memmem(s->at, (size_t)(s->end - s->at), mark, strlen(mark));

	if (!found)
		return false;
	s->at = found + strlen(mark);
	return true;
}

/* The name at the cursor, without its name space prefix. */
static struct slice element_name(struct scan *s)
{
	struct slice name = { s->at, 0 };

	for (; s->at < s->end && !strchr(" \t\r\n/><", *s->at) && *s->at; s->at++) {
		if (*s->at == ':')
			name.at = s->at + 1;
	}
	name.len = (size_t)(s->at - name.at);
	return name;
}

/* From behind the name to behind the '>' of a tag. */
static bool skip_attributes(struct scan *s, bool *ret_empty)
{
	char quote = 0;

	*ret_empty = false;
	for (; s->at < s->end; s->at++) {
		char c = *s->at;

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			*ret_empty = s->at[-1] == '/';
			s->at++;
			return true;
		} else if (c == '<') {
			return false;
		}
	}
	return false;
}

static enum token read_tag(struct scan *s, struct slice *ret)
{
	bool closes = starts(s, "</"), empty;

	s->at += closes ? 2 : 1;
	*ret = element_name(s);
	if (!ret->len || !skip_attributes(s, &empty))
		return TOKEN_BAD;
	if (!closes && empty)
		s->empty = *ret;
	return closes ? TOKEN_CLOSE : TOKEN_OPEN;
}

static enum token next_token(struct scan *s, struct slice *ret)
{
	if (s->empty.len) {
		*ret = s->empty;
		s->empty.len = 0;
		return TOKEN_CLOSE;
	}
	while (s->at < s->end) {
		if (starts(s, "<![CDATA[")) {
			ret->at = s->at += 9;
			if (!skip_past(s, "]]>"))
				return TOKEN_BAD;
			ret->len = (size_t)(s->at - 3 - ret->at);
			return TOKEN_CDATA;
		}
		if (starts(s, "<?") || starts(s, "<!")) {
			const char *mark = starts(s, "<?") ? "?>" : starts(s, "<!--") ? "-->" : ">";

			s->at += 2;
			if (!skip_past(s, mark))
				return TOKEN_BAD;
			continue;
		}
		if (*s->at == '<')
			return read_tag(s, ret);
		ret->at = s->at;
		while (s->at < s->end && *s->at != '<')
			s->at++;
		ret->len = (size_t)(s->at - ret->at);
		return TOKEN_TEXT;
	}
	return TOKEN_END;
}

static bool is(struct slice s, const char *name)
{
	return s.len == strlen(name) && !memcmp(s.at, name, s.len);
}

/* One character from &…; (@s stands behind the '&'): its code, or 0 when it is none that is known. */
static unsigned long entity(struct slice *s)
{
	static const struct {
		const char *name;
		char c;
	} names[] = { { "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' } };
	const char *semicolon = memchr(s->at, ';', s->len < 12 ? s->len : 12);
	char digits[13], *end;

	if (!semicolon)
		return 0;
	size_t len = (size_t)(semicolon - s->at) + 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is((struct slice){ s->at, len }, names[i].name)) {
			*s = (struct slice){ s->at + len, s->len - len };
			return (unsigned char)names[i].c;
		}
	}
	if (s->at[0] != '#')
		return 0;
	memcpy(digits, s->at + 1, len - 1);
	digits[len - 2] = '\0';
	bool is_hex = digits[0] == 'x';
	unsigned long code = strtoul(digits + is_hex, &end, is_hex ? 16 : 10);
	if (*end || code > 0x10FFFF)
		return 0;
	*s = (struct slice){ s->at + len, s->len - len };
	return code;
}

static size_t put_utf8(char out[4], unsigned long c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	out[0] = (char)((0xF00 >> len) | c);
	return len;
}

/* Append @text to @buf, entities resolved unless it is CDATA; what does not fit is cut. Whether all of it
 * fitted. */
static bool append(char *buf, size_t size, size_t *used, struct slice text, bool resolve)
{
	while (text.len) {
		char c[4] = { text.at[0] };
		size_t n = 1;
		unsigned long code = 0;

		text.at++, text.len--;
		if (c[0] == '&' && resolve && (code = entity(&text)))
			n = put_utf8(c, code);
		if (!c[0])
			c[0] = ' ';
		if (*used + n >= size)
			return false;
		memcpy(buf + *used, c, n);
		*used += n;
		buf[*used] = '\0';
	}
	return true;
}

/* The text up to the end of the element just opened. 0, -E2BIG (cut), -EBADMSG. */
static int read_text(struct scan *s, char *buf, size_t size)
{
	size_t used = 0, depth = 1;
	int error = 0;

	buf[0] = '\0';
	while (depth) {
		struct slice text;
		enum token token = next_token(s, &text);

		if (token == TOKEN_END || token == TOKEN_BAD)
			return -EBADMSG;
		if (token == TOKEN_OPEN)
			depth++;
		else if (token == TOKEN_CLOSE)
			depth--;
		else if (depth == 1 && !append(buf, size, &used, text, token == TOKEN_TEXT))
			error = -E2BIG;
	}
	return error;
}

int s3_xml_text(const char *body, size_t len, const char *name, char *ret_text, size_t size)
{
	struct scan s = { .at = body, .end = body + len };
	struct slice slice;

	for (;;) {
		enum token token = next_token(&s, &slice);

		if (token == TOKEN_END)
			return -ENOENT;
		if (token == TOKEN_BAD)
			return -EBADMSG;
		if (token == TOKEN_OPEN && is(slice, name))
			return read_text(&s, ret_text, size);
	}
}

bool s3_xml_error(const char *body, size_t len, struct s3_error *ret_error)
{
	struct scan s = { .at = body, .end = body + len };
	struct slice slice;
	enum token token;

	do {
		token = next_token(&s, &slice);
	} while (token == TOKEN_TEXT || token == TOKEN_CDATA);
	if (token != TOKEN_OPEN || !is(slice, "Error"))
		return false;
	ret_error->code[0] = ret_error->message[0] = '\0';
	s3_xml_text(body, len, "Code", ret_error->code, sizeof(ret_error->code));
	s3_xml_text(body, len, "Message", ret_error->message, sizeof(ret_error->message));
	return true;
}

/* The inside of one <Upload>; ret->key is empty when it cannot be one of ours. 0 or -EBADMSG. */
static int read_upload(struct scan *s, struct s3_upload *ret)
{
	struct slice slice;
	size_t depth = 1;

	ret->key[0] = ret->id[0] = '\0';
	while (depth) {
		enum token token = next_token(s, &slice);
		int error = 0;

		if (token == TOKEN_END || token == TOKEN_BAD)
			return -EBADMSG;
		if (token == TOKEN_CLOSE)
			depth--;
		if (token != TOKEN_OPEN)
			continue;
		if (depth == 1 && is(slice, "Key"))
			error = read_text(s, ret->key, sizeof(ret->key));
		else if (depth == 1 && is(slice, "UploadId"))
			error = read_text(s, ret->id, sizeof(ret->id));
		else
			depth++;
		if (error == -EBADMSG)
			return error;
		if (error)
			ret->key[0] = ret->id[0] = '\0';
	}
	return 0;
}

int s3_xml_uploads(const char *body, size_t len, void (*each)(void *arg, const struct s3_upload *upload),
        void *arg, struct s3_page *ret_page)
{
	struct scan s = { .at = body, .end = body + len };
	struct s3_upload upload;
	struct slice slice;
	bool listed = false;
	char yes[8] = "";
	int error = 0;

	memset(ret_page, 0, sizeof(*ret_page));
	for (;;) {
		enum token token = next_token(&s, &slice);

		if (token == TOKEN_END)
			break;
		if (token == TOKEN_BAD)
			return -EBADMSG;
		if (token != TOKEN_OPEN)
			continue;
		if (is(slice, "ListMultipartUploadsResult")) {
			listed = true;
		} else if (is(slice, "Upload")) {
			error = read_upload(&s, &upload);
			if (!error && upload.key[0] && upload.id[0])
				each(arg, &upload);
		} else if (is(slice, "IsTruncated")) {
			error = read_text(&s, yes, sizeof(yes));
		} else if (is(slice, "NextKeyMarker")) {
			error = read_text(&s, ret_page->key_marker, sizeof(ret_page->key_marker));
		} else if (is(slice, "NextUploadIdMarker")) {
			error = read_text(&s, ret_page->id_marker, sizeof(ret_page->id_marker));
		}
		if (error)
			return -EBADMSG;
	}
	ret_page->truncated = !strcmp(yes, "true");
	return listed ? 0 : -EBADMSG;
}
