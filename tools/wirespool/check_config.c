/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool check-config: what the daemons' --check says. */
#include <stdio.h>
#include "base/conf.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/target.h"

int check_config_run(const struct args *args)
{
	const char *path = target_config(args);
	struct conf *conf;

	if (conf_load(&conf, path, stderr))
		return COMMAND_FAILED;
	conf_free(conf);
	printf("%s: good\n", path ? path : "defaults and environment");
	return COMMAND_DONE;
}
