/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON from strangers (RFC 8259): bounded in depth before it is parsed, no duplicate keys, UTF-8 throughout.
 * Any thread. */
#ifndef CONTROL_JSON_TEXT_H
#define CONTROL_JSON_TEXT_H

#include <stddef.h>
#include <jansson.h>

#define JSON_TEXT_WHY_BYTES 256
#define JSON_TEXT_REALS                                                                                      \
	JSON_REAL_PRECISION(15) /* of json_dumps: as they were read; 17 digits make 0.1 longer */

/* NULL with a sentence in @ret_why when @text is not one JSON object or array, or nests deeper than @depth.
 */
json_t *json_text_parse(const char *text, size_t len, unsigned depth, char ret_why[JSON_TEXT_WHY_BYTES]);

#endif
