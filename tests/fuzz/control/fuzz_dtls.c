/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams into a server's connection, each behind two bytes of its length. A stranger who has no
 * certificate of the offer never gets keys, and no answer is longer than a datagram. */
#include <assert.h>
#include <stdint.h>
#include "control/dtls_cert.h"
#include "control/dtls_connection.h"
#include "control/dtls_context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_send(void *arg, const uint8_t *bytes, size_t len)
{
	assert(len && len <= DTLS_MTU);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dtls_context *context;
	static struct dtls_cert *cert;
	struct dtls_connection *connection;
	uint8_t key[PROFILE_KEY_BYTES];
	enum profile profile;
	uint64_t us;

	if (!context) {
		assert(!dtls_context_create(&context, dtls_connection_check));
		assert(!dtls_cert_make(&cert, 1700000000));
	}
	struct dtls_connection_cfg cfg = { .context = context,
		.cert = cert,
		.peers = { { .hash = DTLS_SHA256, .len = 32 } },
		.peer_count = 1,
		.name = "s_fuzz",
		.want_cookie = size & 1,
		.send = on_send };
	assert(!dtls_connection_create(&connection, &cfg));
	while (size >= 2) {
		size_t len = (size_t)(data[0] << 8 | data[1]);

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (!len)
			continue;
		dtls_connection_input(connection, data, len);
		dtls_connection_resend_in(connection, &us);
		data += len;
		size -= len;
	}
	assert(!dtls_connection_keys(connection, &profile, key, key));
	dtls_connection_close(connection);
	dtls_connection_free(connection);
	return 0;
}
