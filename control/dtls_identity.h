/* SPDX-License-Identifier: BSD-3-Clause */
/* The certificate of today: loaded or made at start, replaced when it is older than control.dtls_cert_days.
 * Who took one before keeps it. Any thread; one lock inside. */
#ifndef CONTROL_DTLS_IDENTITY_H
#define CONTROL_DTLS_IDENTITY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct conf;
struct dtls_cert;

struct dtls_identity {
	const struct conf *conf;
	pthread_mutex_t lock;
	struct dtls_cert *cert;
};

void dtls_identity_init(struct dtls_identity *identity, const struct conf *conf);
void dtls_identity_destroy(struct dtls_identity *identity);

/* Load the certificate of control.dtls_dir, or make one. One that cannot be kept there lasts until the next
 * start (logged, with what to do). 0 or -ENOMEM. */
int dtls_identity_load(struct dtls_identity *identity, uint64_t unix_s);

/* Replace it if it is too old at @unix_s. Whether it was. */
bool dtls_identity_rotate(struct dtls_identity *identity, uint64_t unix_s);

/* A reference to it. */
struct dtls_cert *dtls_identity_cert(struct dtls_identity *identity);

#endif
