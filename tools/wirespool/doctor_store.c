/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on the object store: what the uploader will ask of it, asked once, by an object of its own that
 * is removed after.
 *
 *   PUT → HEAD, GET → list uploads → begin and abort a multipart upload → DELETE
 */
#include "tools/wirespool/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include "base/clk.h"
#include "base/id.h"
#include "tools/wirespool/figure.h"
#include "uploader/exchange.h"
#include "uploader/s3.h"
#include "uploader/sigv4.h"

#define STALL_S     15
#define SKEW_WARN_S 5
#define SKEW_BAD_S  300 /* stores refuse what is 900 s off */
#define NAME        ".wirespool-doctor-"
#define CONTENT     "Written by wirespool doctor to see whether it may; it is removed at once.\n"

struct run {
	struct doctor *doctor;
	struct s3_store store;
	struct exchange_env env;
	struct exchange exchange;
	char *key;
	struct exchange_reply reply; /* of the last request; in the exchange */
	struct s3_verdict verdict;
	uint64_t took_ns;
};

/* Drive the one transfer to its end. */
static CURLcode wait_for_end(CURLM *multi)
{
	int running = 1, left;
	CURLMsg *msg;

	while (running && !curl_multi_perform(multi, &running) && running)
		curl_multi_poll(multi, NULL, 0, 1000, NULL);
	while ((msg = curl_multi_info_read(multi, &left)))
		if (msg->msg == CURLMSG_DONE)
			return msg->data.result;
	return CURLE_GOT_NOTHING;
}

/* Make a request; run->reply and run->verdict tell what came of it. Whether it was as wished. */
static bool request(struct run *run, struct s3_request r, const char *body)
{
	struct exchange_source source = { .fd = -1, .text = body, .bytes = body ? strlen(body) : 0 };
	char hex[SIGV4_HASH_BYTES];
	uint64_t begin = clk_mono_ns();
	struct s3_head head;

	r.unix_s = clk_wall_ns() / CLK_NS_PER_S;
	if (body)
		r.payload = sigv4_hash(hex, body, strlen(body));
	if (s3_build(&head, &run->store, &r) ||
	        exchange_start(&run->exchange, &run->env, &head, r.op, &source, true, run))
		abort();
	s3_head_free(&head);
	CURLcode code = wait_for_end(run->env.multi);
	exchange_stop(&run->exchange, &run->env);
	exchange_result(&run->exchange, code, &run->reply);
	run->took_ns = clk_mono_ns() - begin;
	s3_judge(&run->verdict, r.op, run->reply.status, run->reply.body, run->reply.len, run->reply.reason);
	return run->verdict.outcome == S3_OK;
}

/* What to do about what the store said. */
static const char *remedy_of(const struct s3_verdict *verdict)
{
	static const struct {
		const char *text, *remedy;
	} rows[] = {
		{ "SignatureDoesNotMatch",
		        "s3.secret_key (S3_SECRET_KEY) is not that of s3.access_key; or s3.region is wrong" },
		{ "InvalidAccessKeyId", "correct s3.access_key (S3_ACCESS_KEY)" },
		{ "ExpiredToken", "renew s3.session_token (S3_SESSION_TOKEN)" },
		{ "InvalidToken", "renew s3.session_token (S3_SESSION_TOKEN)" },
		{ "AuthorizationHeaderMalformed", "correct s3.region" },
		{ "PermanentRedirect", "the bucket is in another region: correct s3.region and s3.endpoint" },
		{ "NoSuchBucket", "make the bucket, or correct s3.bucket (and s3.path_style)" },
		{ "RequestTimeTooSkewed",
		        "set the clock: apt install chrony, or 'timedatectl set-ntp true'" },
		{ "AccessDenied", "let s3.access_key put, get and abort in this bucket, by its policy" },
		{ "certificate", "s3.ca_file names the authority that the store's certificate is of" },
		{ "SSL", "use_ssl = 0 in [s3] if the store speaks plain HTTP; else correct s3.endpoint's "
		         "port" },
		{ "resolve", "correct s3.endpoint, or this machine's DNS; with path_style = 1 the bucket is "
		             "no part of the name" },
		{ "connect", "correct s3.endpoint, start the store, or open the way to it" },
		{ "400 ", "use_ssl = 1 in [s3] if the store speaks HTTPS" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strstr(verdict->reason, rows[i].text))
			return rows[i].remedy;
	return "look into the store's log";
}

static bool fail(struct run *run, enum doctor_state state, const char *what)
{
	doctor_say(run->doctor, state, remedy_of(&run->verdict), "%s: %s/%s: %s", what, run->store.host,
	        run->store.conf->s3_bucket,
	        run->verdict.reason[0] ? run->verdict.reason : "there is no such object");
	return false;
}

static void check_skew(struct run *run)
{
	int64_t date = run->reply.date_unix_s;
	int64_t skew = date - (int64_t)(clk_wall_ns() / CLK_NS_PER_S);

	if (date < 0)
		doctor_say(run->doctor, DOCTOR_UNCHECKED, NULL, "the store does not tell its time");
	else if (llabs(skew) > SKEW_BAD_S)
		doctor_say(run->doctor, DOCTOR_PROBLEM,
		        "set the clock: apt install chrony, or 'timedatectl set-ntp true'",
		        "the store's clock and ours are %lld s apart; from 900 s on it refuses everything",
		        llabs(skew));
	else if (llabs(skew) > SKEW_WARN_S)
		doctor_say(run->doctor, DOCTOR_WARNING,
		        "set the clock: apt install chrony, or 'timedatectl set-ntp true'",
		        "the store's clock and ours are %lld s apart", llabs(skew));
	else
		doctor_say(run->doctor, DOCTOR_OK, NULL, "the store's clock is ours, as far as %d s",
		        SKEW_WARN_S);
}

static bool write_object(struct run *run)
{
	bool good = request(run, (struct s3_request){ .op = S3_PUT, .key = run->key }, CONTENT);
	char took[FIGURE_BYTES];

	if (run->reply.status)
		check_skew(run);
	if (!good)
		return fail(run, DOCTOR_PROBLEM, "writing an object fails");
	doctor_say(run->doctor, DOCTOR_OK, NULL, "an object was written to %s in %s%s", run->store.host,
	        figure_latency(took, run->took_ns), run->store.tls ? ", its certificate is good" : "");
	return true;
}

static void read_object(struct run *run)
{
	if (!request(run, (struct s3_request){ .op = S3_HEAD, .key = run->key }, NULL) ||
	        !request(run, (struct s3_request){ .op = S3_GET, .key = run->key }, NULL))
		fail(run, DOCTOR_PROBLEM, "reading the object back fails, without which no upload counts");
	else if (run->reply.len != strlen(CONTENT) || memcmp(run->reply.body, CONTENT, run->reply.len))
		doctor_say(run->doctor, DOCTOR_PROBLEM, "look at what stands between us and the store",
		        "the object that comes back is not the one that was written");
	else
		doctor_say(run->doctor, DOCTOR_OK, NULL, "it was read back");
}

static void list_uploads(struct run *run)
{
	if (request(run, (struct s3_request){ .op = S3_LIST, .prefix = run->key }, NULL))
		doctor_say(run->doctor, DOCTOR_OK, NULL, "uploads under way may be listed");
	else
		fail(run, DOCTOR_WARNING,
		        "uploads under way may not be listed: those that a crash leaves stay in the store");
}

static void abort_upload(struct run *run)
{
	char id[S3_UPLOAD_ID_BYTES];

	if (!request(run, (struct s3_request){ .op = S3_CREATE, .key = run->key }, NULL))
		fail(run, DOCTOR_PROBLEM, "a multipart upload cannot be begun");
	else if (s3_xml_text(run->reply.body, run->reply.len, "UploadId", id, sizeof(id)))
		doctor_say(run->doctor, DOCTOR_PROBLEM, "look into the store's log",
		        "the store began a multipart upload and did not say which");
	else if (!request(run, (struct s3_request){ .op = S3_ABORT, .key = run->key, .upload_id = id }, NULL))
		fail(run, DOCTOR_WARNING,
		        "a multipart upload cannot be aborted, its parts stay in the store");
	else
		doctor_say(run->doctor, DOCTOR_OK, NULL, "a multipart upload was begun and aborted");
}

static void remove_object(struct run *run)
{
	if (!request(run, (struct s3_request){ .op = S3_DELETE, .key = run->key }, NULL))
		doctor_say(run->doctor, DOCTOR_WARNING,
		        "remove it by hand; uploads themselves need no such right",
		        "%s cannot be removed again: %s", run->key, run->verdict.reason);
}

static void examine(struct run *run)
{
	char id[64];

	id_make(id, sizeof(id), NAME);
	if (asprintf(&run->key, "%s%s", run->store.conf->s3_prefix, id) < 0)
		abort();
	if (!run->store.tls)
		doctor_say(run->doctor, DOCTOR_WARNING,
		        "use_ssl = 1 in [s3], unless the way to the store is your own",
		        "s3.use_ssl is off: recordings go to %s for everybody on the way to read",
		        run->store.host);
	if (write_object(run)) {
		read_object(run);
		list_uploads(run);
		abort_upload(run);
		remove_object(run);
	}
	free(run->key);
}

void doctor_store(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	struct run run = { .doctor = doctor, .env = { .ca_file = conf->s3_ca_file, .stall_s = STALL_S } };
	const char *why;

	if (!conf->upload_enabled) {
		doctor_say(doctor, DOCTOR_OK, NULL, "upload.enabled is 0: none is needed");
		return;
	}
	if (doctor->args->values[ARGS_NO_STORE]) {
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "left alone (--no-store)");
		return;
	}
	if (s3_store_init(&run.store, conf, &why)) {
		doctor_say(doctor, DOCTOR_PROBLEM, "correct it", "%s", why);
		return;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	run.env.multi = curl_multi_init();
	if (!run.env.multi)
		abort();
	examine(&run);
	exchange_free(&run.exchange);
	curl_multi_cleanup(run.env.multi);
}
