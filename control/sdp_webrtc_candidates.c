/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sdp_webrtc_offer.h"

#include <arpa/inet.h>
#include "base/conf.h"

#define TYPE_PREFERENCE_HOST 126u /* RFC 8445 section 5.1.2.2 */
#define COMPONENT_RTP        1u   /* RTCP is muxed */

/* RFC 8445 section 5.1.2.1; addresses named earlier are preferred. */
static uint32_t priority(unsigned number)
{
	return TYPE_PREFERENCE_HOST << 24 | (UINT16_MAX - number) << 8 | (256 - COMPONENT_RTP);
}

/* The candidates of @addresses; @number counts them. Those behind a one-to-one NAT are host candidates too: a
 * lite agent has no others (RFC 8445 section 2.5). */
static unsigned print(FILE *out, char *const *addresses, bool has_prefix, uint16_t port, unsigned number)
{
	for (; addresses && *addresses; addresses++) {
		char text[INET6_ADDRSTRLEN];
		struct conf_addr addr;

		if (conf_addr_parse(*addresses, has_prefix, &addr) ||
		        !inet_ntop(addr.is_v6 ? AF_INET6 : AF_INET, addr.bytes, text, sizeof(text)))
			continue;
		fprintf(out, "a=candidate:%u %u udp %u %s %u typ host\r\n", number + 1, COMPONENT_RTP,
		        priority(number), text, port);
		number++;
	}
	return number;
}

void sdp_webrtc_candidates_print(FILE *out, const struct conf *conf, uint16_t port)
{
	unsigned number = print(out, conf->ingest_address, true, port, 0);

	print(out, conf->ingest_public_address, false, port, number);
	fputs("a=end-of-candidates\r\n", out);
}
