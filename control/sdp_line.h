/* SPDX-License-Identifier: BSD-3-Clause */
/* SDP as lines and words (RFC 8866 section 5): what the readers of offers and fragments share. Pure; any
 * thread. */
#ifndef CONTROL_SDP_LINE_H
#define CONTROL_SDP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/limits.h"

#define SDP_LINE_BYTES 4096 /* the longest line that is taken, with its end */

struct sdp_lines {
	const char *at, *end;      /* what is left to read */
	unsigned number;           /* of the line in @text, from 1 */
	unsigned passed_over;      /* the reader's: lines that do not count against LIMIT_SDP_LINES */
	char text[SDP_LINE_BYTES]; /* the line, without its end; an offer's may hold a key: to be wiped */
};

void sdp_line_begin(struct sdp_lines *lines, const char *text, size_t len);

/* Read the next line. Lines end with CRLF, or LF alone (section 5 has parsers take both); an empty one at the
 * very end is nothing. 1; 0: there is none; -EINVAL with a sentence in @ret_why: longer than is taken, with a
 * NUL, or one too many. */
int sdp_line_next(struct sdp_lines *lines, char ret_why[LIMIT_REASON_BYTES + 1]);

/* Whether @line is a letter, '=' and a value. */
bool sdp_line_is_sound(const char *line);

/* Why @line cannot be an offer's first, which is v=0 and nothing else; NULL: it is. Static. */
const char *sdp_line_not_first(const char *line);

/* "line 7: …" into @ret_why. Returns -EINVAL. */
int sdp_line_refuse(const struct sdp_lines *lines, char ret_why[LIMIT_REASON_BYTES + 1], const char *format,
        ...) __attribute__((format(printf, 3, 4)));

/* The value behind "name:", or NULL when @text is another attribute. */
const char *sdp_line_value(const char *text, const char *name);

/* The next word of *@text, which is moved past it and the space behind. Returns its length. */
size_t sdp_line_word(const char **text, const char **ret_word);

/* A decimal number up to @max, and then the end or one of @ends. */
bool sdp_line_number(const char *text, const char *ends, uint32_t max, uint32_t *ret_number);

/* A payload type, and then a space or the end. */
bool sdp_line_payload_type(const char *text, uint8_t *ret_type);

/* Copy visible ASCII, which may go back in an answer as it is: at least one character, fewer than @size. */
bool sdp_line_token(char *ret_word, size_t size, const char *text, size_t len);

/* a=sendrecv, … (section 6.7). False: it is another attribute. */
enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
bool sdp_line_direction(const char *text, enum sdp_direction *ret_direction);

#endif
