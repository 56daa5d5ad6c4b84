/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: one INI file, environment overrides, one table (base/conf_table.h).
 *
 * Order: defaults, then the file, then the environment. A value in the file may hold ${VAR} ("$${" is a plain
 * "${"). A comment begins with ';' or '#', on a line of its own or after white space behind a value; behind a
 * list only '#' does, as ';' separates there. An unknown section or key, a key given twice, a value of the
 * wrong type or out of bounds, an unset ${VAR} is an error with file, line and what is allowed; all errors of
 * a file are reported, and then nothing starts. Main thread, at start; read-only after.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/conf_table.h"

#define CONF_PATH   "/etc/wirespool/wirespool.ini"
#define CONF_SECRET 1

/* Values of the ENUM options, in the order of their lists. */
enum conf_record_io { CONF_IO_AUTO, CONF_IO_DIRECT, CONF_IO_BUFFERED };
enum conf_record_on_loss { CONF_ON_LOSS_KEEP, CONF_ON_LOSS_WAIT_KEY };
enum conf_ingest_simulcast { CONF_SIMULCAST_BEST, CONF_SIMULCAST_ALL };
enum conf_hugepages { CONF_HUGEPAGES_AUTO, CONF_HUGEPAGES_ON, CONF_HUGEPAGES_OFF };

#define CONF_FIELD_BOOL(name)               bool name;
#define CONF_FIELD_INT(name)                int64_t name;
#define CONF_FIELD_ENUM(name)               int name;
#define CONF_FIELD_STR(name)                char *name;
#define CONF_FIELD_LIST(name)               char **name;
#define CONF_FIELD_WORDS(name)              char **name;
#define CONF_FIELD(section, key, type, ...) CONF_FIELD_##type(section##_##key)

struct conf {
	CONF_TABLE(CONF_FIELD)
};

/* Read @path (NULL: defaults and environment only) and the environment. Errors go to @errors, one line each,
 * as "file:line: [section] key: what is wrong; what is allowed", or "environment NAME: [section] ...". Then
 * cross checks: with upload on, bucket and keys are there; min_retry_ms <= max_retry_ms; port_range,
 * addresses, gateways, mac, listen and filename parse; a listen address outside loopback needs api_tokens;
 * tls_cert and tls_key come together. Returns 0; -EINVAL when anything was reported; -ENOENT etc. when the
 * file cannot be read (reported too). */
int conf_load(struct conf **ret_conf, const char *path, FILE *errors);

/* The same for who only looks at a recorder, and has not the environment of its daemons, with their secrets:
 * an option whose ${VAR} is not set keeps its default, and there are no cross checks. */
int conf_peek(struct conf **ret_conf, const char *path, FILE *errors);

/* conf_load for who has no use for the sections @without (names, the last NULL), nor the environment with the
 * secrets that they name: an option in them, or one that the environment gives anyway, may hold a ${VAR} that
 * is not set. It keeps its default, and the cross checks pass over it; elsewhere that is an error. */
int conf_load_without(struct conf **ret_conf, const char *path, const char *const *without, FILE *errors);

/* Wipes every text before it is freed; NULL is accepted. */
void conf_free(struct conf *conf);

/* Print every option as INI with its comment; secrets are masked as "********". @commented puts '#' before
 * each option line: the sample file is conf_print of the defaults, commented. @conf NULL prints the defaults.
 */
void conf_print(const struct conf *conf, bool commented, FILE *out);

/* Print the manual page wirespool.ini(5): every option, its default, what is allowed. */
void conf_print_man(FILE *out);

/* The options that both daemons share: handles --config FILE, --check, --print-config, --sample-config,
 * --version,
 * --help; without --config CONF_PATH is read, if it is there. @purpose is a sentence for the help text.
 * Returns 0 with *ret_conf set and logging set up: go on; or -1 with *ret_exit the exit code (0 done, 1
 * failed, 2 wrong use or bad configuration): leave. */
int conf_main(int argc, char **argv, const char *process, const char *purpose, struct conf **ret_conf,
        int *ret_exit);

/* "20000-59999" → 20000, 59999; 0 or -EINVAL. */
int conf_port_range(const char *text, uint16_t *ret_first, uint16_t *ret_last);

/* "1 2-5,8" spread over list items → CPU numbers below 1024 (CPU_SETSIZE), ascending, no doubles, in
 * @ret_cpus of @max. Returns the count, or -EINVAL, -E2BIG (more than @max), -ENOMEM. */
int conf_cpus(char *const *items, unsigned *ret_cpus, unsigned max);

/* One of our addresses, or a gateway (prefix 128 or 32 and no '/'). */
struct conf_addr {
	bool is_v6;
	uint8_t bytes[16]; /* network order; IPv4 in the first four */
	uint8_t prefix;
};
/* "10.77.0.1/24", "fd00::1/64", or without the prefix length when that is not wanted. 0, or -EINVAL: no such
 * text, or an address that no host can have (unspecified, multicast, broadcast). */
int conf_addr_parse(const char *text, bool want_prefix, struct conf_addr *ret_addr);
bool conf_addr_is_loopback(const struct conf_addr *addr);

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080", 0.0.0.0 and [::] too; port 0 is any. 0 or -EINVAL. */
int conf_listen_parse(const char *text, struct conf_addr *ret_addr, uint16_t *ret_port);

/* "02:00:00:00:00:01", a unicast address; 0 or -EINVAL. */
int conf_mac_parse(const char *text, uint8_t ret_mac[6]);

#endif
