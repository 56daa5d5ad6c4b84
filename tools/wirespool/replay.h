/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool replay: what is handed over to wirespool-replay. Main thread. */
#ifndef TOOLS_WIRESPOOL_REPLAY_H
#define TOOLS_WIRESPOOL_REPLAY_H

#include "tools/wirespool/args.h"

#define REPLAY_WORDS 16

/* Its command line, NULL-terminated, from ours. Returns how many words; they point into @args. */
unsigned replay_argv(const struct args *args, const char *ret_argv[REPLAY_WORDS]);

#endif
