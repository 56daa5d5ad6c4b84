/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/digest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <openssl/evp.h>

#define READ_BYTES  (128u << 10) /* stays in the L2 cache between read and hash */
#define SLICE_READS 8

char *digest_hex(char ret_hex[DIGEST_HEX_BYTES], const uint8_t *bytes, unsigned len)
{
	static const char digits[] = "0123456789abcdef";
	char *out = ret_hex;

	for (unsigned i = 0; i < len && i < 32; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
	return ret_hex;
}

static EVP_MD_CTX *begin(const EVP_MD *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx && !EVP_DigestInit_ex(ctx, md, NULL)) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

int digest_begin(struct digest *digest, bool md5, bool sha256)
{
	memset(digest, 0, sizeof(*digest));
	if (md5)
		digest->md5_ctx = begin(EVP_md5());
	if (sha256)
		digest->sha256_ctx = begin(EVP_sha256());
	if ((md5 && !digest->md5_ctx) || (sha256 && !digest->sha256_ctx)) {
		digest_free(digest);
		return -ENOMEM;
	}
	return 0;
}

void digest_add(struct digest *digest, const void *bytes, size_t len)
{
	if (digest->md5_ctx)
		EVP_DigestUpdate(digest->md5_ctx, bytes, len);
	if (digest->sha256_ctx)
		EVP_DigestUpdate(digest->sha256_ctx, bytes, len);
}

int64_t digest_slice(struct digest *digest, int fd, uint64_t offset, uint64_t bytes)
{
	static _Thread_local uint8_t buf[READ_BYTES];
	uint64_t done = 0;

	for (unsigned i = 0; i < SLICE_READS && done < bytes; i++) {
		size_t want = bytes - done < sizeof(buf) ? (size_t)(bytes - done) : sizeof(buf);
		ssize_t n = pread(fd, buf, want, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		digest_add(digest, buf, (size_t)n);
		done += (uint64_t)n;
	}
	return (int64_t)done;
}

int digest_end(struct digest *digest)
{
	bool good = true;

	if (digest->md5_ctx)
		good = digest->has_md5 = EVP_DigestFinal_ex(digest->md5_ctx, digest->md5, NULL);
	if (good && digest->sha256_ctx)
		good = digest->has_sha256 = EVP_DigestFinal_ex(digest->sha256_ctx, digest->sha256, NULL);
	digest_free(digest);
	return good ? 0 : -ENOMEM;
}

void digest_free(struct digest *digest)
{
	EVP_MD_CTX_free(digest->md5_ctx);
	EVP_MD_CTX_free(digest->sha256_ctx);
	digest->md5_ctx = digest->sha256_ctx = NULL;
}
