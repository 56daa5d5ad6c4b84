/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_check.h"

#include <string.h>
#include <strings.h>
#include "base/codec.h"
#include "base/limits.h"
#include "base/name.h"

static bool is_bad(const struct conf_report *report, enum conf_row_id row)
{
	return report->origins[row].bad;
}

static void check_record(const struct conf *conf, struct conf_report *report)
{
	const char *why;

	if (!is_bad(report, CONF_ROW_record_filename) && name_check_template(conf->record_filename, &why))
		conf_report_row(report, CONF_ROW_record_filename,
		        "%s; allowed: {room} {participant} {trackID} {session} {timestamp}, and .{ext} at "
		        "the end",
		        why);
}

/* Upload is on, so @row may not be empty. Where nobody wrote it, the error is in the line that turned upload
 * on. */
static void need_for_upload(struct conf_report *report, enum conf_row_id row, const char *value)
{
	struct conf_origin *origin = &report->origins[row];
	char env[CONF_ROW_ENV_BYTES];

	if (origin->bad || *value)
		return;
	if (!origin->line)
		origin->line = report->origins[CONF_ROW_upload_enabled].line;
	conf_report_row(report, row,
	        "missing, and [upload] enabled is on; set %s in [%s] or the environment variable %s",
	        conf_rows[row].key, conf_rows[row].section, conf_row_env(&conf_rows[row], env));
}

static void check_upload(const struct conf *conf, struct conf_report *report)
{
	if (conf->upload_enabled && !is_bad(report, CONF_ROW_upload_enabled)) {
		need_for_upload(report, CONF_ROW_s3_bucket, conf->s3_bucket);
		need_for_upload(report, CONF_ROW_s3_access_key, conf->s3_access_key);
		need_for_upload(report, CONF_ROW_s3_secret_key, conf->s3_secret_key);
	}
	if (!is_bad(report, CONF_ROW_upload_min_retry_ms) && !is_bad(report, CONF_ROW_upload_max_retry_ms) &&
	        conf->upload_min_retry_ms > conf->upload_max_retry_ms)
		conf_report_row(report, CONF_ROW_upload_min_retry_ms,
		        "is larger than max_retry_ms; allowed: up to %lld",
		        (long long)conf->upload_max_retry_ms);
	if (!is_bad(report, CONF_ROW_s3_endpoint) && strpbrk(conf->s3_endpoint, "/ \t@?#"))
		conf_report_row(report, CONF_ROW_s3_endpoint,
		        "'%.200s' is no endpoint; allowed: host or host:port (use_ssl chooses http or https)",
		        conf->s3_endpoint);
}

static void check_addresses(
        char *const *items, bool want_prefix, struct conf_report *report, enum conf_row_id row)
{
	const char *example = want_prefix ? "10.77.0.1/24 or fd00::1/64" : "10.77.0.254 or fd00::fe";
	unsigned of_version[2] = { 0 };

	if (is_bad(report, row))
		return;
	for (; *items; items++) {
		struct conf_addr addr;

		if (conf_addr_parse(*items, want_prefix, &addr))
			conf_report_row(
			        report, row, "'%.80s' is no address; allowed: like %s", *items, example);
		else
			of_version[addr.is_v6]++;
	}
	if (want_prefix && of_version[0] + of_version[1] > LIMIT_LOCAL_ADDRS)
		conf_report_row(report, row, "too many addresses; allowed: up to %d", LIMIT_LOCAL_ADDRS);
	if (!want_prefix && (of_version[0] > 1 || of_version[1] > 1))
		conf_report_row(report, row, "two gateways of one IP version; allowed: one of each");
}

static void check_public_addresses(const struct conf *conf, struct conf_report *report)
{
	struct conf_addr addr;

	if (is_bad(report, CONF_ROW_ingest_public_address))
		return;
	for (char **item = conf->ingest_public_address; *item; item++) {
		if (conf_addr_parse(*item, false, &addr))
			conf_report_row(report, CONF_ROW_ingest_public_address,
			        "'%.80s' is no address; allowed: like 203.0.113.7 or 2001:db8::7", *item);
	}
}

static bool is_codec(const char *name)
{
	for (unsigned codec = 0; codec < CODECS; codec++) {
		if (!strcasecmp(codec_info(codec)->name, name))
			return true;
	}
	return false;
}

static void check_codecs(const struct conf *conf, struct conf_report *report)
{
	if (is_bad(report, CONF_ROW_ingest_codecs))
		return;
	for (char **item = conf->ingest_codecs; *item; item++) {
		if (!is_codec(*item))
			conf_report_row(report, CONF_ROW_ingest_codecs,
			        "'%.20s' is no codec that is known; allowed: %s", *item, codec_names());
	}
}

static void check_ports(const struct conf *conf, struct conf_report *report)
{
	uint16_t first, last;

	if (is_bad(report, CONF_ROW_ingest_port_range))
		return;
	if (conf_port_range(conf->ingest_port_range, &first, &last)) {
		conf_report_row(report, CONF_ROW_ingest_port_range,
		        "'%.20s' is no port range; allowed: first-last, from 1 to 65535",
		        conf->ingest_port_range);
		return;
	}
	if (last <= first + (first & 1))
		conf_report_row(report, CONF_ROW_ingest_port_range,
		        "'%.20s' holds no session; allowed: an even port and the next one at least",
		        conf->ingest_port_range);
	else if (!is_bad(report, CONF_ROW_ingest_webrtc_port) && conf->ingest_webrtc_port >= first &&
	         conf->ingest_webrtc_port <= last)
		conf_report_row(report, CONF_ROW_ingest_webrtc_port,
		        "%lld lies within port_range; allowed: a port outside of %.20s",
		        (long long)conf->ingest_webrtc_port, conf->ingest_port_range);
}

static void check_ingest(const struct conf *conf, struct conf_report *report)
{
	uint8_t mac[6];

	check_addresses(conf->ingest_address, true, report, CONF_ROW_ingest_address);
	check_addresses(conf->ingest_gateway, false, report, CONF_ROW_ingest_gateway);
	check_ports(conf, report);
	check_public_addresses(conf, report);
	check_codecs(conf, report);
	if (!is_bad(report, CONF_ROW_ingest_mac) && *conf->ingest_mac &&
	        conf_mac_parse(conf->ingest_mac, mac))
		conf_report_row(report, CONF_ROW_ingest_mac,
		        "'%.20s' is no MAC address of one host; allowed: like 02:00:00:00:00:01",
		        conf->ingest_mac);
}

static void check_cpus(char *const *items, unsigned max, struct conf_report *report, enum conf_row_id row)
{
	unsigned cpus[1024];

	if (!is_bad(report, row) && conf_cpus(items, cpus, max) < 0)
		conf_report_row(
		        report, row, "no list of CPUs; allowed: up to %u of 0 to 1023, like 1 or 2-5,8", max);
}

static void check_dataplane(const struct conf *conf, struct conf_report *report)
{
	unsigned ports = 0;

	check_cpus(conf->dataplane_lcores, LIMIT_LCORES, report, CONF_ROW_dataplane_lcores);
	check_cpus(conf->dataplane_writer_cpus, 1024, report, CONF_ROW_dataplane_writer_cpus);
	while (conf->dataplane_port[ports])
		ports++;
	if (!is_bad(report, CONF_ROW_dataplane_port) && ports > LIMIT_PORTS)
		conf_report_row(
		        report, CONF_ROW_dataplane_port, "%u ports; allowed: up to %d", ports, LIMIT_PORTS);
}

/* The tokens themselves are nobody's to read: they are told by their place. */
static void check_whip_tokens(const struct conf *conf, struct conf_report *report)
{
	if (is_bad(report, CONF_ROW_control_whip_tokens))
		return;
	for (unsigned i = 0; conf->control_whip_tokens[i]; i++) {
		const char *item = conf->control_whip_tokens[i], *sign = strchr(item, '=');

		if (!sign || sign == item || !sign[1] || sign - item > LIMIT_ROOM_BYTES)
			conf_report_row(report, CONF_ROW_control_whip_tokens,
			        "number %u is no room and token; allowed: room=token, or *=token", i + 1);
	}
}

static void check_control(const struct conf *conf, struct conf_report *report)
{
	struct conf_addr addr;
	uint16_t port;
	bool has_cert = *conf->control_tls_cert, has_key = *conf->control_tls_key;
	enum conf_row_id lone = has_cert ? CONF_ROW_control_tls_cert : CONF_ROW_control_tls_key;

	if (is_bad(report, CONF_ROW_control_listen))
		;
	else if (conf_listen_parse(conf->control_listen, &addr, &port))
		conf_report_row(report, CONF_ROW_control_listen,
		        "'%.100s' is no address and port; allowed: like 127.0.0.1:8080 or [::1]:8080",
		        conf->control_listen);
	else if (!conf_addr_is_loopback(&addr) && !*conf->control_api_tokens &&
	         !is_bad(report, CONF_ROW_control_api_tokens))
		conf_report_row(report, CONF_ROW_control_listen,
		        "'%.100s' is open to others and api_tokens is empty; listen on loopback, or set "
		        "api_tokens in "
		        "[control] or the environment variable WIRESPOOL_API_TOKENS",
		        conf->control_listen);
	check_whip_tokens(conf, report);
	if (has_cert != has_key && !is_bad(report, CONF_ROW_control_tls_cert) &&
	        !is_bad(report, CONF_ROW_control_tls_key))
		conf_report_row(
		        report, lone, "set alone; allowed: tls_cert and tls_key together, or neither");
}

void conf_check(const struct conf *conf, struct conf_report *report)
{
	check_record(conf, report);
	check_upload(conf, report);
	check_ingest(conf, report);
	check_dataplane(conf, report);
	check_control(conf, report);
}
