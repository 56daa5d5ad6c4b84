/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that tell themselves what went wrong. */
#include "tools/wirespool/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/limits.h"
#include "tools/wirespool/command.h"

void client_tell(const struct client *client, const struct client_answer *answer, const char *what)
{
	const json_t *error = json_object_get(answer->json, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	if (!answer->status)
		command_error("%s: no answer from %s: %s; does wirespool-control run there? 'wirespool "
		              "doctor' looks",
		        what, client_url(client), answer->why);
	else if (answer->status == 401)
		command_error("%s: %s wants a token: --token, WIRESPOOL_API_TOKENS or control.api_tokens",
		        what, client_url(client));
	else if (message)
		command_error("%s: %s (%ld %s)", what, message, answer->status,
		        json_string_value(json_object_get(error, "code")));
	else
		command_error("%s: %s answers %ld, and not as wirespool-control does", what,
		        client_url(client), answer->status);
}

json_t *client_call(struct client *client, const char *method, const char *path, const char *what)
{
	struct client_answer answer;
	json_t *json = NULL;

	client_ask(client, method, path, &answer);
	if (answer.status >= 200 && answer.status < 300 && (answer.json || answer.status == 204))
		json = answer.json ? json_incref(answer.json) : json_object();
	else
		client_tell(client, &answer, what);
	client_answer_clear(&answer);
	return json;
}

/* @path with so many rows asked for as are still wanted, to be freed. */
static char *first_page(const char *path, unsigned long limit)
{
	unsigned long rows = limit && limit < LIMIT_LIST_ROWS ? limit : LIMIT_LIST_ROWS;
	char *text;

	if (asprintf(&text, "%s%climit=%lu", path, strchr(path, '?') ? '&' : '?', rows) < 0)
		abort();
	return text;
}

bool client_list(struct client *client, const char *path, unsigned long limit,
        void (*row)(void *arg, json_t *row), void (*page)(void *arg), void *arg)
{
	char *at = first_page(path, limit);
	unsigned long rows = 0;
	bool good = true;

	while (good && at && (!limit || rows < limit)) {
		struct client_answer answer;
		json_t *one;
		size_t i;

		client_ask(client, "GET", at, &answer);
		good = answer.status == 200 && json_is_array(answer.json);
		if (!good)
			client_tell(client, &answer, path);
		json_array_foreach(answer.json, i, one)
		{
			if (!limit || rows++ < limit)
				row(arg, one);
		}
		page(arg);
		free(at);
		at = answer.next;
		answer.next = NULL;
		client_answer_clear(&answer);
	}
	free(at);
	return good;
}

struct client *client_open(struct target *ret_target, const struct args *args)
{
	struct client *client;

	if (target_find(ret_target, args))
		return NULL;
	if (!client_create(&client, ret_target))
		return client;
	command_error("no memory");
	target_free(ret_target);
	return NULL;
}

int client_show_word(
        const struct args *args, const char *prefix, void (*print)(const struct args *args, json_t *json))
{
	struct target target;
	struct client *client = client_open(&target, args);

	if (!client)
		return COMMAND_FAILED;
	char *path = client_path(prefix, args->words[0], "");
	json_t *json = client_call(client, "GET", path, args->words[0]);
	bool good = json;
	if (json)
		print(args, json);
	json_decref(json);
	free(path);
	client_free(client);
	target_free(&target);
	return good ? COMMAND_DONE : COMMAND_FAILED;
}

int client_each_word(const struct args *args,
        bool (*one)(struct client *client, const char *word, const struct args *args))
{
	struct target target;
	struct client *client = client_open(&target, args);
	bool good = client;

	for (unsigned i = 0; client && i < args->count; i++)
		good &= one(client, args->words[i], args);
	if (client) {
		client_free(client);
		target_free(&target);
	}
	return good ? COMMAND_DONE : COMMAND_FAILED;
}
