/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "uploader/s3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(void *arg, const struct s3_upload *upload)
{
	if (!upload->key[0] || !upload->id[0] || strlen(upload->key) >= S3_KEY_BYTES ||
	        strlen(upload->id) >= S3_UPLOAD_ID_BYTES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *body = (const char *)data;
	struct s3_verdict verdict;
	struct s3_page page;
	char text[8];

	s3_xml_text(body, size, "ETag", text, sizeof(text));
	s3_xml_uploads(body, size, see, NULL, &page);
	for (long status = 0; status < 600; status += 100) {
		s3_judge(&verdict, S3_COMPLETE, status, body, size, NULL);
		if (memchr(verdict.reason, '\0', sizeof(verdict.reason)) == NULL)
			abort();
	}
	return 0;
}
