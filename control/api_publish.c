/* SPDX-License-Identifier: BSD-3-Clause */
/* /publish: a page to try WHIP with a camera (control/publish.html), off unless control.publish_page says
 * otherwise. It asks for its token itself. */
#include "control/route.h"

#include <string.h>
#include "base/conf.h"
#include "control/control.h"
#include "control/publish_page.h"

/* All that it needs is in it; what it sends goes to this server. */
#define PUBLISH_POLICY                                                                                       \
	"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "    \
	"media-src blob: mediastream:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

void api_publish(struct http_request *req)
{
	if (!http_control(req)->conf->control_publish_page) {
		http_answer_error(req, 404, "not_found", "control.publish_page is 0.");
		return;
	}
	http_set_header(req, "Content-Security-Policy", PUBLISH_POLICY);
	http_set_header(req, "Referrer-Policy", "no-referrer");
	http_answer_text(req, 200, "text/html; charset=utf-8", publish_page, strlen(publish_page));
}
