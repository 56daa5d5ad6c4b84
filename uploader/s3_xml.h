/* SPDX-License-Identifier: BSD-3-Clause */
/* What S3 answers in XML, read from a body of bounded length: errors, upload ids, lists of multipart uploads.
 *
 * Not an XML parser: elements, text, CDATA and the five named and the numeric entities; attributes are
 * skipped, name space prefixes ignored, declarations and comments passed over, nothing is expanded or
 * fetched. Foreign bytes: any input is safe, and what does not fit is refused. Any thread. Source: S3 API
 * reference, "Error responses", CreateMultipartUpload, CompleteMultipartUpload, ListMultipartUploads.
 */
#ifndef UPLOADER_S3_XML_H
#define UPLOADER_S3_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3_UPLOAD_ID_BYTES 513  /* stores give 20 to 200 characters */
#define S3_KEY_BYTES       1025 /* S3: keys are at most 1024 bytes */

struct s3_error {
	char code[64];     /* "NoSuchBucket"; empty when the body did not say */
	char message[160]; /* may be empty */
};

/* An upload that was begun and neither completed nor aborted. */
struct s3_upload {
	char key[S3_KEY_BYTES], id[S3_UPLOAD_ID_BYTES];
};

/* Where the next page of a list begins. */
struct s3_page {
	bool truncated;
	char key_marker[S3_KEY_BYTES], id_marker[S3_UPLOAD_ID_BYTES];
};

/* Whether the root element is Error; then what it says (each text cut to its room). */
bool s3_xml_error(const char *body, size_t len, struct s3_error *ret_error);

/* Text of the first element called @name. 0; -ENOENT; -E2BIG (does not fit @size); -EBADMSG (not XML up to
 * there). */
int s3_xml_text(const char *body, size_t len, const char *name, char *ret_text, size_t size);

/* Call @each for every upload of a ListMultipartUploadsResult whose key and id fit. 0 or -EBADMSG. */
int s3_xml_uploads(const char *body, size_t len, void (*each)(void *arg, const struct s3_upload *upload),
        void *arg, struct s3_page *ret_page);

#endif
