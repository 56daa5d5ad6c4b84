/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the option table: a name, what it takes, where it goes. */
#ifndef TOOLS_GEN_OPTIONS_ROW_H
#define TOOLS_GEN_OPTIONS_ROW_H

#include <stddef.h>
#include "tools/gen/options.h"

/* Read @text into @options. 0 or -EINVAL. */
typedef int options_row_fn(struct options *options, const char *text);

enum options_row_kind {
	OPTIONS_ROW_HEAD,    /* not an option: a heading of the help text */
	OPTIONS_ROW_FLAG,    /* bool becomes true, or with max = 1 false */
	OPTIONS_ROW_TEXT,    /* const char * */
	OPTIONS_ROW_U64,     /* uint64_t from min to max */
	OPTIONS_ROW_UINT,    /* unsigned from min to max */
	OPTIONS_ROW_I64,     /* int64_t from min to max */
	OPTIONS_ROW_PERCENT, /* double from 0 to 100 */
	OPTIONS_ROW_SECONDS, /* uint64_t nanoseconds from decimal seconds, above 0 to max */
	OPTIONS_ROW_OTHER    /* read by fn; takes says what is allowed */
};

struct options_row {
	const char *name;
	enum options_row_kind kind;
	size_t offset; /* of the field in struct options */
	double min, max;
	options_row_fn *fn;
	const char *takes, *help;
};

/* Read @text by @row into @options. 0 or -EINVAL. */
int options_row_read(const struct options_row *row, struct options *options, const char *text);

/* The functions of rows of kind OTHER. */
options_row_fn options_row_tracks, options_row_size, options_row_profile, options_row_pause, options_row_bind,
        options_row_src_ip, options_row_src_mac, options_row_dst_mac, options_row_frame_ms,
        options_row_rate_scale, options_row_vp9_mode, options_row_jitter;

#endif
