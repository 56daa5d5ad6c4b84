/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <pcap/pcap.h>
#include "base/clk.h"

#define SECONDS_MAX                                                                                          \
	(INT64_MAX / CLK_NS_PER_S - 1) /* times are told in JSON, too, whose readers want a sign */

struct capture {
	pcap_t *pcap;
	enum link_kind link;
};

static int take_link(struct capture *capture, char why[CAPTURE_WHY_BYTES])
{
	int type = pcap_datalink(capture->pcap);
	const char *name = pcap_datalink_val_to_name(type);

	if (link_find(type, &capture->link) == 0)
		return 0;
	snprintf(why, CAPTURE_WHY_BYTES, "captured on a link of type %d (%s); known are %s", type,
	        name ? name : "unknown", link_names());
	return -EINVAL;
}

int capture_open_stream(struct capture **ret_capture, FILE *stream, char ret_why[CAPTURE_WHY_BYTES])
{
	struct capture *capture = calloc(1, sizeof(*capture));
	char why[PCAP_ERRBUF_SIZE] = "";
	int status;

	if (!capture) {
		fclose(stream);
		snprintf(ret_why, CAPTURE_WHY_BYTES, "no memory");
		return -ENOMEM;
	}
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!capture->pcap) {
		fclose(stream);
		free(capture);
		snprintf(ret_why, CAPTURE_WHY_BYTES, "no pcap or pcapng capture: %s", why);
		return -EINVAL;
	}
	status = take_link(capture, ret_why);
	if (status) {
		capture_close(capture);
		return status;
	}
	*ret_capture = capture;
	return 0;
}

int capture_open(struct capture **ret_capture, const char *path, char ret_why[CAPTURE_WHY_BYTES])
{
	FILE *stream = fopen(path, "rbe");

	if (!stream) {
		int status = -errno;
		snprintf(ret_why, CAPTURE_WHY_BYTES, "%s", strerror(-status));
		return status;
	}
	return capture_open_stream(ret_capture, stream, ret_why);
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	pcap_close(capture->pcap);
	free(capture);
}

enum link_kind capture_link(const struct capture *capture)
{
	return capture->link;
}

/* The fraction is in nanoseconds, as asked for. A time before 1970 or beyond what fits is none. */
static uint64_t time_of(const struct pcap_pkthdr *header)
{
	int64_t s = header->ts.tv_sec, ns = header->ts.tv_usec;

	if (s < 0 || (uint64_t)s > SECONDS_MAX || ns < 0)
		return 0;
	return (uint64_t)s * CLK_NS_PER_S + (uint64_t)ns % CLK_NS_PER_S;
}

int capture_next(struct capture *capture, struct capture_packet *ret_packet)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int status = pcap_next_ex(capture->pcap, &header, &bytes);

	if (status == PCAP_ERROR_BREAK)
		return 0;
	if (status != 1)
		return -EBADMSG;
	*ret_packet = (struct capture_packet){
		.bytes = bytes, .len = header->caplen, .wire_len = header->len, .unix_ns = time_of(header)
	};
	return 1;
}

const char *capture_damage(struct capture *capture)
{
	return pcap_geterr(capture->pcap);
}
