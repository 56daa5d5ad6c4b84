/* SPDX-License-Identifier: BSD-3-Clause */
/* MD5, SHA-256 or both over a stretch of a file, a slice at a time, so that one large part does not keep the
 * uploader's thread from its other transfers. The uploader's thread only. */
#ifndef UPLOADER_DIGEST_H
#define UPLOADER_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evp_md_ctx_st;

struct digest {
	struct evp_md_ctx_st *md5_ctx, *sha256_ctx;
	bool has_md5, has_sha256;
	uint8_t md5[16], sha256[32]; /* once digest_end has been called */
};

#define DIGEST_HEX_BYTES 65
/* Lower-case hex of @len bytes (at most 32); returns ret_hex. */
char *digest_hex(char ret_hex[DIGEST_HEX_BYTES], const uint8_t *bytes, unsigned len);

/* 0 or -ENOMEM. digest_free may be called at any time, and again. */
int digest_begin(struct digest *digest, bool md5, bool sha256);

/* Add the next slice of @fd at @offset, at most @bytes of it. Returns how many bytes that was; -ENODATA when
 * the file ends there, -errno when it cannot be read. */
int64_t digest_slice(struct digest *digest, int fd, uint64_t offset, uint64_t bytes);

/* Add @len bytes from memory. */
void digest_add(struct digest *digest, const void *bytes, size_t len);

/* Fill in the results. 0 or -ENOMEM. */
int digest_end(struct digest *digest);
void digest_free(struct digest *digest);

#endif
