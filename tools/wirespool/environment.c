/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/environment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without white space at both ends. */
static char *trim(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	for (len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

static void take_line(char *line)
{
	char *name = trim(line), *value = strchr(name, '=');
	size_t len;

	if (!*name || *name == '#' || *name == ';' || !value || value == name)
		return;
	*value++ = '\0';
	value = trim(value);
	len = strlen(value);
	if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value) {
		value[len - 1] = '\0';
		value++;
	}
	setenv(name, value, 0);
}

void environment_load(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return;
	while (getline(&line, &size, file) > 0)
		take_line(line);
	if (line)
		explicit_bzero(line, size);
	free(line);
	fclose(file);
}
