/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/show.h"

static int list(const struct args *args, const char *path, unsigned long limit, const struct listing *listing)
{
	struct show_list show;
	struct target target;
	struct client *client = client_open(&target, args);

	if (!client)
		return COMMAND_FAILED;
	show_list_begin(
	        &show, listing->heads, listing->columns, listing->cells, stdout, args->values[ARGS_JSON]);
	bool good = client_list(client, path, limit, show_list_row, show_list_page, &show);
	show_list_end(&show);
	if (good && listing->none && !show.rows && !show.json)
		puts(listing->none);
	client_free(client);
	target_free(&target);
	return good ? COMMAND_DONE : COMMAND_FAILED;
}

int listing_run(const struct args *args, char *path, const struct listing *listing)
{
	unsigned long limit;
	int code = COMMAND_WRONG_USE;

	if (args_limit(args, &limit))
		command_error("--limit %s: a number from 1 on is needed", args->values[ARGS_LIMIT]);
	else
		code = list(args, path, limit, listing);
	free(path);
	return code;
}
