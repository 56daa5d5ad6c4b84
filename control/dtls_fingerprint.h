/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates held against fingerprints (RFC 8122 section 5); parsing is in control/dtls.h. Any thread. */
#ifndef CONTROL_DTLS_FINGERPRINT_H
#define CONTROL_DTLS_FINGERPRINT_H

#include <stdbool.h>
#include <openssl/x509.h>
#include "control/dtls.h"

/* Whether @certificate is one of the @count in @wanted. Takes the same time whichever it is, and whether it
 * is. */
bool dtls_fingerprint_matches(const struct dtls_fingerprint *wanted, unsigned count, const X509 *certificate);

/* "sha-256 AB:CD:…" of @certificate. 0 or -ENOMEM. */
int dtls_fingerprint_print(char ret_text[DTLS_FINGERPRINT_TEXT], const X509 *certificate);

#endif
