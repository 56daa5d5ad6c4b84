/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/mux.h"

#include <string.h>

static const struct mux_ops *const all[] = { &mux_annexb, &mux_ivf, &mux_ogg, &mux_wav };

static const struct mux_ops *by_ext(const char *ext)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(all[i]->ext, ext))
			return all[i];
	return NULL;
}

const struct mux_ops *mux_of(enum codec codec)
{
	return by_ext(codec_info(codec)->ext);
}

const struct mux_ops *mux_by_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? by_ext(dot + 1) : NULL;
}
