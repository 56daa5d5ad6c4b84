/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "control/dtls_cert.h"

static char base[64], dir[80], deep[100], file[120];

static int setup(void **unused)
{
	strcpy(base, "/tmp/wirespool-cert-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(dir, sizeof(dir), "%s/a", base);
	snprintf(deep, sizeof(deep), "%s/dtls", dir);
	snprintf(file, sizeof(file), "%s/" DTLS_CERT_FILE, deep);
	return 0;
}

static int teardown(void **unused)
{
	unlink(file);
	rmdir(deep);
	unlink(dir);
	rmdir(dir);
	return rmdir(base);
}

static struct dtls_cert *store_one(void)
{
	struct dtls_cert *cert;

	assert_int_equal(dtls_cert_make(&cert, 1700000000), 0);
	assert_int_equal(dtls_cert_store(cert, deep), 0);
	return cert;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static unsigned files_in(const char *path)
{
	unsigned count = 0;
	DIR *d = opendir(path);

	for (struct dirent *entry; (entry = readdir(d));)
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(d);
	return count;
}

static void what_is_stored_is_loaded(void **unused)
{
	struct dtls_cert *cert = store_one(), *loaded;

	assert_int_equal(dtls_cert_load(&loaded, deep), 0);
	assert_string_equal(loaded->fingerprint, cert->fingerprint);
	assert_int_equal(loaded->made_unix_s, 1700000000);
	assert_int_equal(EVP_PKEY_eq(loaded->key, cert->key), 1);
	dtls_cert_unref(loaded);
	dtls_cert_unref(cert);
}

static void nobody_else_may_read_it(void **unused)
{
	struct dtls_cert *cert = store_one(), *loaded;

	assert_int_equal(mode_of(deep), 0700);
	assert_int_equal(mode_of(file), 0600);
	assert_int_equal(files_in(deep), 1);
	chmod(file, 0640);
	assert_int_equal(dtls_cert_load(&loaded, deep), -EPERM);
	dtls_cert_unref(cert);
}

static void a_new_one_replaces_the_old(void **unused)
{
	struct dtls_cert *first = store_one(), *second = store_one(), *loaded;

	assert_string_not_equal(first->fingerprint, second->fingerprint);
	assert_int_equal(dtls_cert_load(&loaded, deep), 0);
	assert_string_equal(loaded->fingerprint, second->fingerprint);
	assert_int_equal(files_in(deep), 1);
	dtls_cert_unref(loaded);
	dtls_cert_unref(first);
	dtls_cert_unref(second);
}

static void where_there_is_none_it_says_so(void **unused)
{
	struct dtls_cert *loaded;

	assert_int_equal(dtls_cert_load(&loaded, deep), -ENOENT);
}

static void a_damaged_file_is_not_taken(void **unused)
{
	struct dtls_cert *cert = store_one(), *loaded;
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	for (off_t len = st.st_size - 40; len >= 0; len -= 97) {
		assert_int_equal(truncate(file, len), 0);
		assert_int_equal(dtls_cert_load(&loaded, deep), -EBADMSG);
	}
	dtls_cert_unref(cert);
}

/* The key of one and the certificate of another. */
static void key_and_certificate_must_belong_together(void **unused)
{
	struct dtls_cert *first = store_one(), *second = store_one(), *loaded;
	X509 *x509 = second->x509;

	second->x509 = first->x509;
	assert_int_equal(dtls_cert_store(second, deep), 0);
	assert_int_equal(dtls_cert_load(&loaded, deep), -EBADMSG);
	second->x509 = x509;
	dtls_cert_unref(first);
	dtls_cert_unref(second);
}

static void a_directory_that_cannot_be_made_is_told(void **unused)
{
	struct dtls_cert *cert;
	int fd = open(dir, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(dtls_cert_make(&cert, 1700000000), 0);
	assert_int_equal(dtls_cert_store(cert, deep), -ENOTDIR);
	assert_int_equal(dtls_cert_store(cert, "/proc/wirespool/dtls"), -ENOENT);
	dtls_cert_unref(cert);
}

static void a_link_is_not_followed(void **unused)
{
	struct dtls_cert *cert = store_one(), *loaded;

	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("/dev/null", file), 0);
	assert_int_equal(dtls_cert_load(&loaded, deep), -ELOOP);
	dtls_cert_unref(cert);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_is_stored_is_loaded),
		CASE(nobody_else_may_read_it),
		CASE(a_new_one_replaces_the_old),
		CASE(where_there_is_none_it_says_so),
		CASE(a_damaged_file_is_not_taken),
		CASE(key_and_certificate_must_belong_together),
		CASE(a_directory_that_cannot_be_made_is_told),
		CASE(a_link_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
