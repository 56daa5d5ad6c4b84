/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment that systemd gives the daemons, for a command that is to read the INI as they do: there the
 * secrets are that the INI names. Main thread. */
#ifndef TOOLS_WIRESPOOL_ENVIRONMENT_H
#define TOOLS_WIRESPOOL_ENVIRONMENT_H

#include <stddef.h>

#define ENVIRONMENT_PATH  "/etc/wirespool/environment"
#define ENVIRONMENT_BYTES (1 << 20) /* a longer file sets nothing */

/* Set the variables of @path that are not set, a name's last assignment, as systemd.exec(5) has it for
 * EnvironmentFile=. A file that is not there, or not for us to read, sets none: then the INI's error names
 * what is missing. */
void environment_load(const char *path);

/* The assignments in the @len bytes of @text, in their order, each "NAME=VALUE" without quotes and escapes;
 * the last is NULL. Any input is safe; a line that assigns nothing, or to what is no name of a variable, is
 * passed over. NULL: no memory, or a NUL byte or what is not UTF-8, for which systemd refuses all. */
char **environment_parse(const char *text, size_t len);

/* Wipes them; NULL is accepted. */
void environment_free(char **items);

#endif
