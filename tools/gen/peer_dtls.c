/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/peer_dtls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include "base/limits.h"
#include "tools/gen/output.h"

#define MTU_BYTES        1200
#define DIGEST_BYTES     32
#define CERTIFICATE_DAYS 30
#define EXPORTER         "EXTRACTOR-dtls_srtp" /* RFC 5764 section 4.2 */

struct peer_identity {
	SSL_CTX *context;
	BIO_METHOD *method; /* datagrams by an output */
	char fingerprint[DIGEST_BYTES * 3];
};

struct peer_dtls {
	SSL *ssl;
	struct output *output;
	unsigned session;
	const uint8_t *data; /* the datagram that came; NULL: none */
	size_t len;
	int status; /* of the output */
};

static const char *srtp_name(enum profile profile)
{
	switch (profile) {
	case PROFILE_AES_CM_128_HMAC_SHA1_32:
		return "SRTP_AES128_CM_SHA1_32";
	case PROFILE_AEAD_AES_128_GCM:
		return "SRTP_AEAD_AES_128_GCM";
	case PROFILE_AEAD_AES_256_GCM:
		return "SRTP_AEAD_AES_256_GCM";
	default:
		return "SRTP_AES128_CM_SHA1_80";
	}
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
	struct peer_dtls *dtls = BIO_get_data(bio);
	uint8_t *out = len <= LIMIT_PACKET_BYTES ? dtls->output->ops->buffer(dtls->output) : NULL;

	if (!out) {
		dtls->status = len <= LIMIT_PACKET_BYTES ? -errno : -EMSGSIZE;
		return -1;
	}
	memcpy(out, bytes, (size_t)len);
	dtls->status = dtls->output->ops->commit(dtls->output, dtls->session, 0, (size_t)len);
	return dtls->status ? -1 : len;
}

static int bio_read(BIO *bio, char *out, int size)
{
	struct peer_dtls *dtls = BIO_get_data(bio);
	int len = (int)dtls->len < size ? (int)dtls->len : size;

	BIO_clear_retry_flags(bio);
	if (!dtls->data) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, dtls->data, (size_t)len);
	dtls->data = NULL;
	return len;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	switch (command) {
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
		return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
		return MTU_BYTES;
	default:
		return 0;
	}
}

/* Ours is checked by its fingerprint, theirs not at all: a load generator has nothing to hide. */
static int take_any(int ok, X509_STORE_CTX *store)
{
	return 1;
}

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();

	if (!x)
		return NULL;
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), CERTIFICATE_DAYS * 86400L);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	        (const unsigned char *)"wirespool-gen", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, key);
	if (!X509_sign(x, key, EVP_sha256())) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static void print_digest(char *out, const uint8_t *digest, unsigned len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (unsigned i = 0; i < len; i++) {
		out[3 * i] = hex[digest[i] >> 4];
		out[3 * i + 1] = hex[digest[i] & 15];
		out[3 * i + 2] = i + 1 < len ? ':' : '\0';
	}
}

static int set_certificate(struct peer_identity *identity)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = key ? make_certificate(key) : NULL;
	uint8_t digest[DIGEST_BYTES];
	unsigned len = 0;
	bool done = x && SSL_CTX_use_certificate(identity->context, x) == 1 &&
	            SSL_CTX_use_PrivateKey(identity->context, key) == 1 &&
	            X509_digest(x, EVP_sha256(), digest, &len) == 1;

	if (done)
		print_digest(identity->fingerprint, digest, len);
	X509_free(x);
	EVP_PKEY_free(key);
	return done ? 0 : -ENOMEM;
}

static int set_up(struct peer_identity *identity, enum profile profile)
{
	identity->context = SSL_CTX_new(DTLS_client_method());
	identity->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "output");
	if (!identity->context || !identity->method)
		return -ENOMEM;
	BIO_meth_set_write(identity->method, bio_write);
	BIO_meth_set_read(identity->method, bio_read);
	BIO_meth_set_ctrl(identity->method, bio_control);
	SSL_CTX_set_verify(identity->context, SSL_VERIFY_PEER, take_any);
	if (SSL_CTX_set_tlsext_use_srtp(identity->context, srtp_name(profile)))
		return -EINVAL;
	return set_certificate(identity);
}

int peer_identity_create(struct peer_identity **ret_identity, enum profile profile)
{
	struct peer_identity *identity = calloc(1, sizeof(*identity));
	int status;

	if (!identity)
		return -ENOMEM;
	status = set_up(identity, profile);
	if (status) {
		peer_identity_free(identity);
		return status;
	}
	*ret_identity = identity;
	return 0;
}

void peer_identity_free(struct peer_identity *identity)
{
	if (!identity)
		return;
	SSL_CTX_free(identity->context);
	BIO_meth_free(identity->method);
	free(identity);
}

const char *peer_identity_fingerprint(const struct peer_identity *identity)
{
	return identity->fingerprint;
}

int peer_dtls_create(
        struct peer_dtls **ret_dtls, struct peer_identity *identity, struct output *output, unsigned session)
{
	struct peer_dtls *dtls = calloc(1, sizeof(*dtls));
	BIO *bio = dtls ? BIO_new(identity->method) : NULL;

	if (bio)
		dtls->ssl = SSL_new(identity->context);
	if (!bio || !dtls->ssl) {
		BIO_free(bio);
		free(dtls);
		return -ENOMEM;
	}
	dtls->output = output;
	dtls->session = session;
	BIO_set_data(bio, dtls);
	BIO_set_init(bio, 1);
	SSL_set_bio(dtls->ssl, bio, bio);
	SSL_set_options(dtls->ssl, SSL_OP_NO_QUERY_MTU);
	DTLS_set_link_mtu(dtls->ssl, MTU_BYTES);
	SSL_set_connect_state(dtls->ssl);
	*ret_dtls = dtls;
	return 0;
}

void peer_dtls_free(struct peer_dtls *dtls)
{
	if (!dtls)
		return;
	SSL_free(dtls->ssl);
	free(dtls);
}

/* What a call of OpenSSL's that returned @r comes down to. */
static int judge(struct peer_dtls *dtls, int r)
{
	int error = r > 0 ? SSL_ERROR_NONE : SSL_get_error(dtls->ssl, r);

	if (dtls->status)
		return dtls->status;
	if (r > 0)
		return 1;
	if (error == SSL_ERROR_WANT_READ)
		return SSL_is_init_finished(dtls->ssl);
	return error == SSL_ERROR_ZERO_RETURN ? -ENOTCONN : -ECONNABORTED;
}

int peer_dtls_step(struct peer_dtls *dtls)
{
	if (SSL_is_init_finished(dtls->ssl))
		return 1;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(dtls->ssl) < 0)
		return dtls->status ? dtls->status : -ECONNABORTED;
	return judge(dtls, SSL_do_handshake(dtls->ssl));
}

int peer_dtls_hear(struct peer_dtls *dtls, const uint8_t *data, size_t len)
{
	uint8_t ignored[LIMIT_PACKET_BYTES];

	dtls->data = data;
	dtls->len = len;
	ERR_clear_error(); /* what another peer's failure left would be taken for ours */
	if (SSL_is_init_finished(dtls->ssl))
		return judge(dtls, SSL_read(dtls->ssl, ignored, sizeof(ignored)));
	return judge(dtls, SSL_do_handshake(dtls->ssl));
}

uint64_t peer_dtls_left_ns(struct peer_dtls *dtls)
{
	struct timeval left;

	if (!DTLSv1_get_timeout(dtls->ssl, &left))
		return UINT64_MAX;
	return (uint64_t)left.tv_sec * 1000000000ull + (uint64_t)left.tv_usec * 1000;
}

/* RFC 5764 section 4.2: client key, server key, client salt, server salt. */
int peer_dtls_keys(const struct peer_dtls *dtls, enum profile profile, uint8_t ret_key[PROFILE_KEY_BYTES],
        uint8_t ret_feedback_key[PROFILE_KEY_BYTES])
{
	const struct profile_info *info = profile_info(profile);
	size_t key = info->key_bytes, salt = info->salt_bytes;
	uint8_t material[2 * PROFILE_KEY_BYTES];

	if (!SSL_get_selected_srtp_profile(dtls->ssl) ||
	        SSL_export_keying_material(
	                dtls->ssl, material, 2 * (key + salt), EXPORTER, strlen(EXPORTER), NULL, 0, 0) != 1)
		return -EPROTO;
	memcpy(ret_key, material, key);
	memcpy(ret_feedback_key, material + key, key);
	memcpy(ret_key + key, material + 2 * key, salt);
	memcpy(ret_feedback_key + key, material + 2 * key + salt, salt);
	explicit_bzero(material, sizeof(material));
	return 0;
}
