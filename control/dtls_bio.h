/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenSSL's way to the network, without a network: what it reads is the one datagram that was put in, what
 * it writes goes to a function, each write a datagram. (OpenSSL collects the records of a flight up to the
 * MTU and writes them at once.) One thread at a time. */
#ifndef CONTROL_DTLS_BIO_H
#define CONTROL_DTLS_BIO_H

#include <stddef.h>
#include <stdint.h>
#include <openssl/bio.h>

struct dtls_bio {
	const uint8_t *in; /* the datagram to be read, the caller's; NULL when it was */
	size_t in_len;
	void (*send)(void *arg, const uint8_t *bytes, size_t len);
	void *arg;
};

/* The method of such BIOs, to be freed with BIO_meth_free; NULL: no memory. */
BIO_METHOD *dtls_bio_method(void);

/* A BIO on @state, which outlives it. NULL: no memory. */
BIO *dtls_bio_new(const BIO_METHOD *method, struct dtls_bio *state);

#endif
