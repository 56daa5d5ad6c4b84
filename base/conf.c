/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/conf_check.h"
#include "base/conf_ini.h"
#include "base/conf_report.h"

static int load_defaults(struct conf *conf)
{
	for (int i = 0; i < CONF_ROWS; i++) {
		const char *why;
		int err = conf_row_set(&conf_rows[i], conf, conf_rows[i].fallback, &why);

		if (err)
			return err;
	}
	return 0;
}

static int load_environment(struct conf *conf, struct conf_report *report)
{
	for (int i = 0; i < CONF_ROWS; i++) {
		char name[CONF_ROW_ENV_BYTES];
		const char *text = getenv(conf_row_env(&conf_rows[i], name)), *why;
		int err;

		if (!text)
			continue;
		report->origins[i].from_env = true;
		err = conf_row_set(&conf_rows[i], conf, text, &why);
		if (err == -EINVAL)
			conf_report_value(report, (enum conf_row_id)i, text, why);
		else if (err)
			return err;
	}
	return 0;
}

static int load(
        struct conf **ret_conf, const char *path, FILE *errors, bool peeks, const char *const *without)
{
	struct conf_report report = { .errors = errors, .path = path, .peeks = peeks, .without = without };
	struct conf *conf = calloc(1, sizeof(*conf));
	int err = conf ? load_defaults(conf) : -ENOMEM;

	if (!err && path)
		err = conf_ini_read(conf, &report);
	if (!err)
		err = load_environment(conf, &report);
	if (err) {
		conf_report_at(&report, 0, "cannot be read: %s", strerror(-err));
		goto fail;
	}
	for (int i = 0; i < CONF_ROWS; i++) /* there is nothing to be checked then */
		report.origins[i].bad |= report.origins[i].lacks && !report.origins[i].from_env;
	if (!peeks)
		conf_check(conf, &report);
	if (report.count) {
		err = -EINVAL;
		goto fail;
	}
	*ret_conf = conf;
	return 0;
fail:
	conf_free(conf);
	return err;
}

int conf_load(struct conf **ret_conf, const char *path, FILE *errors)
{
	return load(ret_conf, path, errors, false, NULL);
}

int conf_peek(struct conf **ret_conf, const char *path, FILE *errors)
{
	return load(ret_conf, path, errors, true, NULL);
}

int conf_load_without(struct conf **ret_conf, const char *path, const char *const *without, FILE *errors)
{
	return load(ret_conf, path, errors, false, without);
}

void conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (int i = 0; i < CONF_ROWS; i++)
		conf_row_clear(&conf_rows[i], conf);
	free(conf);
}
