/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/dtls_bio.h"

#include <string.h>

static int on_read(BIO *bio, char *buf, int size)
{
	struct dtls_bio *state = BIO_get_data(bio);
	size_t len = state->in_len;

	BIO_clear_retry_flags(bio);
	if (!state->in) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (len > (size_t)size) /* as a socket does with what does not fit */
		len = (size_t)size;
	memcpy(buf, state->in, len);
	state->in = NULL;
	return (int)len;
}

static int on_write(BIO *bio, const char *buf, int len)
{
	struct dtls_bio *state = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (len > 0)
		state->send(state->arg, (const uint8_t *)buf, (size_t)len);
	return len;
}

static long on_control(BIO *bio, int command, long number, void *arg)
{
	return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT;
}

BIO_METHOD *dtls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");

	if (method && BIO_meth_set_read(method, on_read) && BIO_meth_set_write(method, on_write) &&
	        BIO_meth_set_ctrl(method, on_control))
		return method;
	BIO_meth_free(method);
	return NULL;
}

BIO *dtls_bio_new(const BIO_METHOD *method, struct dtls_bio *state)
{
	BIO *bio = BIO_new(method);

	if (bio) {
		BIO_set_data(bio, state);
		BIO_set_init(bio, 1);
	}
	return bio;
}
