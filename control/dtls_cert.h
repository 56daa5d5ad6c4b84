/* SPDX-License-Identifier: BSD-3-Clause */
/* The certificate that we show in DTLS: ECDSA on P-256 (RFC 8827 section 6.5), signed by itself, with its key
 * in one file of control.dtls_dir. What a peer goes by is its fingerprint in our answer, so it is nobody's
 * but ours to trust, and its dates matter to us alone. Any thread; counted references. */
#ifndef CONTROL_DTLS_CERT_H
#define CONTROL_DTLS_CERT_H

#include <stdatomic.h>
#include <stdint.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "control/dtls.h"

#define DTLS_CERT_FILE "identity.pem" /* in control.dtls_dir: key, then certificate */

struct dtls_cert {
	X509 *x509;
	EVP_PKEY *key;
	uint64_t made_unix_s;
	char fingerprint[DTLS_FINGERPRINT_TEXT];
	_Atomic unsigned references;
};

/* A new one, made at @unix_s. 0 or -ENOMEM. */
int dtls_cert_make(struct dtls_cert **ret_cert, uint64_t unix_s);

/* The one in @dir. 0; -ENOENT: none yet; -EPERM: others may read it; -EBADMSG: not a key on P-256 and its
 * certificate; -ENOMEM; -errno. */
int dtls_cert_load(struct dtls_cert **ret_cert, const char *dir);

/* Put it into @dir, made with mode 0700 where it is missing, as a whole or not at all. 0 or -errno. */
int dtls_cert_store(const struct dtls_cert *cert, const char *dir);

struct dtls_cert *dtls_cert_ref(struct dtls_cert *cert);
void dtls_cert_unref(struct dtls_cert *cert); /* NULL is allowed */

#endif
