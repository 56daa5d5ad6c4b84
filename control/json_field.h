/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of JSON objects that are built one by one; a field whose value memory is short for, or which is not
 * UTF-8, is left out. The object's thread. */
#ifndef CONTROL_JSON_FIELD_H
#define CONTROL_JSON_FIELD_H

#include <jansson.h>
#include <stdint.h>

void json_field_text(json_t *object, const char *key, const char *text);
void json_field_number(json_t *object, const char *key, uint64_t number);

/* As RFC 3339 with milliseconds; 0: no field. */
void json_field_time(json_t *object, const char *key, uint64_t unix_ns);

#endif
