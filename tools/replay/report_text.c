/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/report_text.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* ", 3 lost" when it is not 0. */
static void print_if(FILE *out, const json_t *object, const char *key, const char *what)
{
	if (number_of(object, key))
		fprintf(out, ", %lld %s", number_of(object, key), what);
}

static void print_capture(const json_t *report, FILE *out)
{
	const json_t *capture = json_object_get(report, "capture");

	fprintf(out, "%s: %lld packets of %.3f s from %s on, %s\n", text_of(capture, "file"),
	        number_of(capture, "packets"), json_real_value(json_object_get(capture, "duration_s")),
	        text_of(capture, "first"), text_of(capture, "link"));
}

static void print_track(const json_t *track, FILE *out)
{
	const json_t *received = json_object_get(track, "received"),
	             *written = json_object_get(track, "written");

	fprintf(out, "  %s, %s: ", text_of(track, "id"), text_of(track, "codec"));
	if (!json_object_size(received)) {
		fprintf(out, "not opened\n");
		return;
	}
	fprintf(out, "%lld packets", number_of(received, "pkts"));
	print_if(out, received, "lost_pkts", "lost");
	print_if(out, received, "duplicate_pkts", "twice");
	print_if(out, received, "reordered_pkts", "out of order");
	print_if(out, received, "auth_failed_pkts", "not authentic");
	print_if(out, received, "replayed_pkts", "replayed");
	print_if(out, received, "restarts", "restarts of the stream");
	fprintf(out, "; %lld frames written", number_of(written, "frames"));
	print_if(out, written, "gaps", "gaps");
	print_if(out, written, "gap_pkts", "packets missing in them");
	print_if(out, written, "late_pkts", "packets too late");
	print_if(out, written, "malformed_pkts", "packets malformed");
	print_if(out, written, "broken_frames", "frames cut as broken");
	print_if(out, written, "skipped_frames", "frames left out for want of a key frame");
	print_if(out, written, "dropped_frames", "frames dropped for the disk");
	fputc('\n', out);
}

static void print_sessions(const json_t *report, FILE *out)
{
	const json_t *session, *track;
	size_t i, k;

	json_array_foreach(json_object_get(report, "sessions"), i, session)
	{
		fprintf(out, "\nsession %s, %s port %lld: room %s, participant %s, %lld packets\n",
		        text_of(session, "id"), text_of(session, "address"), number_of(session, "port"),
		        text_of(session, "room"), text_of(session, "participant"),
		        number_of(session, "packets"));
		json_array_foreach(json_object_get(session, "tracks"), k, track) print_track(track, out);
	}
}

static void print_recordings(const json_t *report, FILE *out)
{
	const json_t *recordings = json_object_get(report, "recordings"), *r;
	size_t i;

	fprintf(out, "\nrecordings in %s: %zu\n", text_of(report, "output"), json_array_size(recordings));
	json_array_foreach(recordings, i, r)
	{
		fprintf(out, "  %s: %lld frames of %.3f s, %lld bytes", text_of(r, "name"),
		        number_of(r, "frames"), json_number_value(json_object_get(r, "duration_s")),
		        number_of(r, "size"));
		if (number_of(r, "width"))
			fprintf(out, ", %lldx%lld", number_of(r, "width"), number_of(r, "height"));
		print_if(out, r, "gap_count", "gaps");
		fprintf(out, "; ended: %s\n", text_of(r, "reason"));
	}
	if (number_of(report, "failed_recordings"))
		fprintf(out, "  %lld could not be finished\n", number_of(report, "failed_recordings"));
}

static void print_packets(const json_t *report, FILE *out)
{
	const json_t *packets = json_object_get(report, "packets"), *drop;
	size_t i;

	fprintf(out, "\npackets: %lld in, %lld to the recordings, %lld of RTCP",
	        number_of(packets, "rx_pkts"), number_of(packets, "handed_pkts"),
	        number_of(packets, "rtcp_pkts"));
	print_if(out, packets, "answered", "answered (ARP, ICMP, STUN)");
	fputc('\n', out);
	json_array_foreach(json_object_get(packets, "drops"), i, drop)
	        fprintf(out, "  %lld dropped, %s: %s\n", number_of(drop, "packets"), text_of(drop, "reason"),
	                text_of(drop, "meaning"));
}

static void print_ledger(const json_t *report, FILE *out)
{
	const json_t *ledger = json_object_get(report, "ledger"), *row;
	size_t i;

	if (json_is_true(json_object_get(ledger, "balanced"))) {
		fprintf(out, "ledger: every packet is accounted for, in %lld accounts\n",
		        number_of(ledger, "accounts"));
		return;
	}
	fprintf(out, "ledger: NOT balanced; this is a mistake of ours, please report it\n");
	json_array_foreach(json_object_get(ledger, "unaccounted"), i, row)
	        fprintf(out, "  %s %lld: %lld packets\n", text_of(row, "account"), number_of(row, "instance"),
	                number_of(row, "packets"));
}

void report_text_print(const json_t *report, FILE *out)
{
	const json_t *hints = json_object_get(report, "hints"), *hint;
	size_t i;

	print_capture(report, out);
	print_sessions(report, out);
	print_recordings(report, out);
	print_packets(report, out);
	print_ledger(report, out);
	if (json_array_size(hints))
		fputc('\n', out);
	json_array_foreach(hints, i, hint) fprintf(out, "%s\n", json_string_value(hint));
}
