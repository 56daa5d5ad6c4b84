/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls_identity.h"

#include <errno.h>
#include <string.h>
#include "base/conf.h"
#include "base/log.h"
#include "control/dtls_cert.h"

#define DAY_S 86400u

void dtls_identity_init(struct dtls_identity *identity, const struct conf *conf)
{
	identity->conf = conf;
	identity->cert = NULL;
	pthread_mutex_init(&identity->lock, NULL);
}

void dtls_identity_destroy(struct dtls_identity *identity)
{
	dtls_cert_unref(identity->cert);
	pthread_mutex_destroy(&identity->lock);
}

static bool is_old(const struct dtls_identity *identity, uint64_t unix_s)
{
	uint64_t days = (uint64_t)identity->conf->control_dtls_cert_days, made = identity->cert->made_unix_s;

	return unix_s > made && unix_s - made > days * DAY_S;
}

/* A new certificate, kept in control.dtls_dir if that can be. */
static int renew(const struct dtls_identity *identity, struct dtls_cert **ret_cert, uint64_t unix_s)
{
	const char *dir = identity->conf->control_dtls_dir;
	int r = dtls_cert_make(ret_cert, unix_s);

	if (r) {
		log_error("dtls: no certificate can be made: %s", strerror(-r));
		return r;
	}
	r = dtls_cert_store(*ret_cert, dir);
	if (r)
		log_warn("dtls: %s: %s; the certificate lasts until the next start: make it a directory that "
		         "control can write to",
		        dir, strerror(-r));
	else
		log_info("dtls: a new certificate, %s", (*ret_cert)->fingerprint);
	return 0;
}

int dtls_identity_load(struct dtls_identity *identity, uint64_t unix_s)
{
	const char *dir = identity->conf->control_dtls_dir;
	int r = dtls_cert_load(&identity->cert, dir);

	if (!r && !is_old(identity, unix_s))
		return 0;
	if (r == -EPERM)
		log_warn("dtls: %s/" DTLS_CERT_FILE ": others may read it; it is replaced", dir);
	else if (r && r != -ENOENT)
		log_warn("dtls: %s/" DTLS_CERT_FILE ": %s; it is replaced", dir, strerror(-r));
	dtls_cert_unref(identity->cert);
	identity->cert = NULL;
	return renew(identity, &identity->cert, unix_s);
}

bool dtls_identity_rotate(struct dtls_identity *identity, uint64_t unix_s)
{
	struct dtls_cert *fresh = NULL, *old = NULL;
	bool due;

	pthread_mutex_lock(&identity->lock);
	due = is_old(identity, unix_s) && !renew(identity, &fresh, unix_s);
	if (due) {
		old = identity->cert;
		identity->cert = fresh;
	}
	pthread_mutex_unlock(&identity->lock);
	dtls_cert_unref(old);
	return due;
}

struct dtls_cert *dtls_identity_cert(struct dtls_identity *identity)
{
	pthread_mutex_lock(&identity->lock);
	struct dtls_cert *cert = dtls_cert_ref(identity->cert);
	pthread_mutex_unlock(&identity->lock);
	return cert;
}
