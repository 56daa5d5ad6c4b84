/* SPDX-License-Identifier: BSD-3-Clause */
/* H.264's sequence and picture parameter sets, as far as a recording needs them (ITU-T H.264 sections 7.3.2.1
 * and 7.3.2.2). Pure; the bytes are hostile. */
#ifndef WRITERS_SPS_H
#define WRITERS_SPS_H

#include <stdbool.h>
#include <stdint.h>

struct sps {
	uint32_t id;
	uint16_t width, height; /* what is shown of the picture */
};

/* Read the NAL unit @nal of type 7, its header included. 0; -EBADMSG: cut, or a value out of bounds. */
int sps_parse(struct sps *ret_sps, const uint8_t *nal, uint32_t len);

/* The id of the picture parameter set @nal, of type 8. 0 or -EBADMSG. */
int sps_pps_id(uint32_t *ret_id, const uint8_t *nal, uint32_t len);

#endif
