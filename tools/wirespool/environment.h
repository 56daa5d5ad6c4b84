/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment that systemd gives the daemons, for a command that is to read the INI as they do: there the
 * secrets are that the INI names. Main thread. */
#ifndef TOOLS_WIRESPOOL_ENVIRONMENT_H
#define TOOLS_WIRESPOOL_ENVIRONMENT_H

#define ENVIRONMENT_PATH "/etc/wirespool/environment"

/* Set the variables of @path that are not set: lines NAME=VALUE, the value in quotes or without, as
 * systemd.exec(5) has them but for continued lines; empty lines, and comments from # or ; on. A file that is
 * not there, or not for us to read, sets none: then the INI's error names what is missing. */
void environment_load(const char *path);

#endif
