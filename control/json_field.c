/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/json_field.h"

#include "base/clk.h"

void json_field_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

void json_field_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

void json_field_time(json_t *object, const char *key, uint64_t unix_ns)
{
	char text[CLK_RFC3339_BYTES];

	if (unix_ns)
		json_field_text(object, key, clk_rfc3339(text, unix_ns, 3));
}
