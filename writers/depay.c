/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/depay.h"

depay_fn *depay_of(enum codec codec)
{
	static depay_fn *const of[CODECS] = {
		[CODEC_VP8] = depay_vp8,
		[CODEC_VP9] = depay_vp9,
		[CODEC_OPUS] = depay_opus,
	};
	return of[codec];
}
