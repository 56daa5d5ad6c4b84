/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes as an INI file; what is accepted must print and read back, and the bytes as text go to every parser
 * of values. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/conf.h"
#include "base/conf_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Load @size bytes as a file; the errors are only counted. */
static struct conf *load(const void *data, size_t size)
{
	char path[64], *errors = NULL;
	size_t errors_size;
	int fd = memfd_create("fuzz_conf", MFD_CLOEXEC), err;
	struct conf *conf = NULL;
	FILE *out = open_memstream(&errors, &errors_size);

	if (write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = conf_load(&conf, path, out);
	fclose(out);
	close(fd);
	assert((err == 0) == (errors_size == 0) && (err == 0) == (conf != NULL));
	free(errors);
	return conf;
}

static void print_and_load(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct conf *again;

	conf_print(conf, false, out);
	fclose(out);
	again = load(text, size);
	assert(again && !strcmp(again->record_dir, conf->record_dir));
	conf_free(again);
	free(text);
}

static void parse_values(const char *text)
{
	char *expanded, **items;
	const char *at;
	size_t len;
	unsigned cpus[8];
	uint16_t first, last;
	uint8_t mac[6];
	struct conf_addr addr;

	if (!conf_parse_expand(&expanded, text, &at, &len))
		conf_parse_wipe(expanded);
	if (!conf_parse_list(&items, text, CONF_PARSE_LIST)) {
		conf_cpus(items, cpus, 8);
		conf_parse_list_free(items);
	}
	conf_port_range(text, &first, &last);
	conf_addr_parse(text, true, &addr);
	conf_addr_parse(text, false, &addr);
	conf_listen_parse(text, &addr, &first);
	conf_mac_parse(text, mac);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = load(data, size);
	char *text = strndup((const char *)data, size);

	if (conf)
		print_and_load(conf);
	conf_free(conf);
	parse_values(text);
	free(text);
	return 0;
}
