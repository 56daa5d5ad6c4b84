/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/wirespool/command.h"

const char *target_config(const struct args *args)
{
	if (args->values[ARGS_CONFIG])
		return args->values[ARGS_CONFIG];
	return access(CONF_PATH, F_OK) && errno == ENOENT ? NULL : CONF_PATH;
}

/* "any address" listens on loopback, too. */
static char *url_of(const struct conf *conf)
{
	static const uint8_t any[16];
	struct conf_addr addr;
	char host[INET6_ADDRSTRLEN], *url;
	uint16_t port;

	if (conf_listen_parse(conf->control_listen, &addr, &port))
		return NULL;
	inet_ntop(addr.is_v6 ? AF_INET6 : AF_INET, addr.bytes, host, sizeof(host));
	if (!memcmp(addr.bytes, any, addr.is_v6 ? 16 : 4))
		strcpy(host, addr.is_v6 ? "::1" : "127.0.0.1");
	if (asprintf(&url, addr.is_v6 ? "%s://[%s]:%u" : "%s://%s:%u",
	            conf->control_tls_cert[0] ? "https" : "http", host, port) < 0)
		return NULL;
	return url;
}

static char *copy_url(const char *url)
{
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	return strndup(url, len);
}

/* The first of a list as the INI has it. */
static char *first_token(const char *list)
{
	size_t from = strspn(list, ",; \t"), len = strcspn(list + from, ",; \t");

	return len ? strndup(list + from, len) : NULL;
}

static char *find_token(const struct args *args, const struct conf *conf)
{
	const char *env = getenv("WIRESPOOL_API_TOKENS");

	if (args->values[ARGS_TOKEN])
		return strdup(args->values[ARGS_TOKEN]);
	if (env)
		return first_token(env);
	return conf && conf->control_api_tokens && conf->control_api_tokens[0]
	               ? strdup(conf->control_api_tokens[0])
	               : NULL;
}

int target_make(struct target *ret_target, const struct args *args, const struct conf *conf)
{
	const char *url = args->values[ARGS_URL], *ca_file = args->values[ARGS_CA_FILE];
	struct target target = { .local = !url };

	if (!url && !conf)
		return -ENOENT;
	target.url = url ? copy_url(url) : url_of(conf);
	target.token = find_token(args, conf);
	if (!ca_file && target.local && conf->control_tls_cert[0])
		ca_file = conf->control_tls_cert;
	target.ca_file = ca_file ? strdup(ca_file) : NULL;
	if (!target.url || (ca_file && !target.ca_file)) {
		target_free(&target);
		return -ENOMEM;
	}
	*ret_target = target;
	return 0;
}

int target_find(struct target *ret_target, const struct args *args)
{
	struct conf *conf = NULL;
	char *errors = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&errors, &len);

	if (!out)
		return -ENOMEM;
	conf_peek(&conf, target_config(args), out);
	fclose(out);
	int status = target_make(ret_target, args, conf);
	if (status == -ENOENT)
		command_error(
		        "where wirespool-control answers is not known, for the configuration is not good; "
		        "--url says it, too:\n%.*s",
		        (int)(len ? len - 1 : 0), errors);
	else if (status)
		command_error("no memory");
	conf_free(conf);
	free(errors);
	return status;
}

void target_free(struct target *target)
{
	if (target->token)
		explicit_bzero(target->token, strlen(target->token));
	free(target->url);
	free(target->token);
	free(target->ca_file);
	*target = (struct target){ 0 };
}
