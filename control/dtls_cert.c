/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls_cert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include "base/id.h"
#include "control/dtls_fingerprint.h"

#define NEW_FILE "." DTLS_CERT_FILE ".new"
#define VALID_S  (400l * 86400) /* longer than the longest control.dtls_cert_days */
#define PEM_MAX  16384

struct dtls_cert *dtls_cert_ref(struct dtls_cert *cert)
{
	cert->references++;
	return cert;
}

void dtls_cert_unref(struct dtls_cert *cert)
{
	if (!cert || --cert->references)
		return;
	X509_free(cert->x509);
	EVP_PKEY_free(cert->key);
	free(cert);
}

static X509 *sign(EVP_PKEY *key, uint64_t unix_s)
{
	X509 *x509 = X509_new();
	X509_NAME *name = x509 ? X509_get_subject_name(x509) : NULL;
	uint64_t serial;

	id_random(&serial, sizeof(serial));
	if (!name || !X509_set_version(x509, X509_VERSION_3) ||
	        !ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1) ||
	        !X509_NAME_add_entry_by_txt(
	                name, "CN", MBSTRING_ASC, (const unsigned char *)"wirespool", -1, -1, 0) ||
	        !X509_set_issuer_name(x509, name) ||
	        !ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)unix_s) ||
	        !ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)unix_s + VALID_S) ||
	        !X509_set_pubkey(x509, key) || !X509_sign(x509, key, EVP_sha256())) {
		X509_free(x509);
		return NULL;
	}
	return x509;
}

/* Takes @x509 and @key over, also when it fails. */
static int wrap(struct dtls_cert **ret_cert, X509 *x509, EVP_PKEY *key)
{
	struct dtls_cert *cert = calloc(1, sizeof(*cert));
	struct tm made;

	if (!cert) {
		X509_free(x509);
		EVP_PKEY_free(key);
		return -ENOMEM;
	}
	cert->references = 1;
	cert->x509 = x509;
	cert->key = key;
	if (dtls_fingerprint_print(cert->fingerprint, x509) ||
	        !ASN1_TIME_to_tm(X509_get0_notBefore(x509), &made)) {
		dtls_cert_unref(cert);
		return -ENOMEM;
	}
	cert->made_unix_s = (uint64_t)timegm(&made);
	*ret_cert = cert;
	return 0;
}

int dtls_cert_make(struct dtls_cert **ret_cert, uint64_t unix_s)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = key ? sign(key, unix_s) : NULL;

	if (x509)
		return wrap(ret_cert, x509, key);
	EVP_PKEY_free(key);
	return -ENOMEM;
}

/* Whether @key is on P-256 and the one of @x509. */
static bool belong_together(X509 *x509, EVP_PKEY *key)
{
	char group[32] = "";

	return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) &&
	       !strcmp(group, SN_X9_62_prime256v1) && X509_check_private_key(x509, key);
}

static int parse(struct dtls_cert **ret_cert, const char *pem, size_t len)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
	X509 *x509 = key ? PEM_read_bio_X509(bio, NULL, NULL, (void *)"") : NULL;

	BIO_free(bio);
	if (x509 && belong_together(x509, key))
		return wrap(ret_cert, x509, key);
	X509_free(x509);
	EVP_PKEY_free(key);
	return bio ? -EBADMSG : -ENOMEM;
}

/* Reads up to @size bytes of the file. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static int load(struct dtls_cert **ret_cert, int fd)
{
	char pem[PEM_MAX];
	struct stat st;
	ssize_t len;
	int r;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	len = read_all(fd, pem, sizeof(pem));
	r = len < 0 ? (int)len : parse(ret_cert, pem, (size_t)len);
	explicit_bzero(pem, sizeof(pem));
	return r;
}

int dtls_cert_load(struct dtls_cert **ret_cert, const char *dir)
{
	char path[4096];
	int fd, r;

	snprintf(path, sizeof(path), "%s/" DTLS_CERT_FILE, dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = load(ret_cert, fd);
	close(fd);
	return r;
}

/* @dir and what is missing above it. */
static int make_dir(const char *dir)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int write_pem(const struct dtls_cert *cert, int fd)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem;
	long len;
	int r = -ENOMEM;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL) &&
	        PEM_write_bio_X509(bio, cert->x509)) {
		len = BIO_get_mem_data(bio, &pem);
		errno = EIO;
		r = write(fd, pem, (size_t)len) != len || fsync(fd) ? -errno : 0;
		explicit_bzero(pem, (size_t)len);
	}
	BIO_free(bio);
	return r;
}

static int store_in(const struct dtls_cert *cert, int dir)
{
	int fd, r;

	if (unlinkat(dir, NEW_FILE, 0) && errno != ENOENT)
		return -errno;
	fd = openat(dir, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_pem(cert, fd);
	close(fd);
	if (!r && renameat(dir, NEW_FILE, dir, DTLS_CERT_FILE))
		r = -errno;
	if (r)
		unlinkat(dir, NEW_FILE, 0);
	else if (fsync(dir))
		r = -errno;
	return r;
}

int dtls_cert_store(const struct dtls_cert *cert, const char *dir)
{
	int fd, r = make_dir(dir);

	if (r)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = store_in(cert, fd);
	close(fd);
	return r;
}
