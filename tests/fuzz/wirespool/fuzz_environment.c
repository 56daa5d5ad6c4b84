/* SPDX-License-Identifier: BSD-3-Clause */
/* An environment file: names are names, and no value is longer than the file. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "tools/wirespool/environment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char **items = environment_parse((const char *)data, size);

	for (char **item = items; item && *item; item++) {
		size_t name = strcspn(*item, "=");

		assert(name > 0 && (*item)[name] == '=');
		assert(strspn(*item, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
		        name);
		assert(strlen(*item) <= size);
	}
	environment_free(items);
	return 0;
}
