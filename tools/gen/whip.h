/* SPDX-License-Identifier: BSD-3-Clause */
/* WHIP's client side (RFC 9725): an offer of a session's tracks by POST, the answer's address and ICE
 * credentials, the end by DELETE. One thread; calls wait for the answer. */
#ifndef TOOLS_GEN_WHIP_H
#define TOOLS_GEN_WHIP_H

struct api;
struct options;
struct roster;

/* Publish session @index: fills in its id, location, address and the recorder's credentials; its own are made
 * here.
 * @fingerprint is of our certificate. 0, or, logged: -ECONNREFUSED, -EPROTO, -ENOMEM. A session that was made
 * but whose answer is of no use has its location, for whip_close to end it. */
int whip_open(struct api *api, struct roster *roster, unsigned index, const char *fingerprint,
        const struct options *options);

/* End it: DELETE of its location, then its recordings by the API (api_close). A session without a location is
 * passed over. Errors as above. */
int whip_close(struct api *api, struct roster *roster, unsigned index, int keep);

#endif
