/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/sps.h"

#include <errno.h>
#include "base/limits.h"
#include "writers/bits.h"

#define RBSP_BYTES    256 /* nothing that is read lies further on */
#define SPS_ID_MAX    31
#define PPS_ID_MAX    255
#define POC_CYCLE_MAX 255
#define CHROMA_444    3
#define MACROBLOCK    16
#define SCALING_LISTS 8
#define SCALING_4X4   6 /* of them; the others are of 8x8 */

/* Profiles whose sets tell the chroma format (section 7.3.2.1.1). */
static bool tells_chroma(uint32_t profile)
{
	static const uint8_t profiles[] = { 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135 };

	for (unsigned i = 0; i < sizeof(profiles); i++)
		if (profile == profiles[i])
			return true;
	return false;
}

/* The unit's payload without the bytes that keep start codes out of it (section 7.4.1: 0, 0, 3). */
static struct bits open_rbsp(uint8_t rbsp[RBSP_BYTES], const uint8_t *nal, uint32_t len)
{
	struct bits b = { .data = rbsp };
	unsigned zeros = 0;

	for (uint32_t i = 1; i < len && b.len < RBSP_BYTES; i++) {
		if (zeros >= 2 && nal[i] == 3) {
			zeros = 0;
			continue;
		}
		zeros = nal[i] ? 0 : zeros + 1;
		rbsp[b.len++] = nal[i];
	}
	return b;
}

/* scaling_list (section 7.3.2.1.1.1) */
static void skip_scaling_list(struct bits *b, unsigned size)
{
	int32_t last = 8, next = 8;

	for (unsigned i = 0; i < size && !b->overrun; i++) {
		if (next)
			next = (last + bits_se(b)) & 0xFF;
		last = next ? next : last;
	}
}

/* What profiles with a chroma format tell. Returns that format. */
static uint32_t read_chroma(struct bits *b)
{
	uint32_t chroma = bits_ue(b);
	unsigned lists = chroma == CHROMA_444 ? SCALING_LISTS + 4 : SCALING_LISTS;

	if (chroma == CHROMA_444 && bits_take(b, 1)) /* separate_colour_plane_flag */
		chroma = 0;
	bits_ue(b); /* bit_depth_luma_minus8 */
	bits_ue(b); /* bit_depth_chroma_minus8 */
	bits_take(b, 1);
	if (!bits_take(b, 1))
		return chroma;
	for (unsigned i = 0; i < lists; i++)
		if (bits_take(b, 1))
			skip_scaling_list(b, i < SCALING_4X4 ? 16 : 64);
	return chroma;
}

static void skip_order_count(struct bits *b)
{
	uint32_t cycle, type = bits_ue(b);

	if (type == 0)
		bits_ue(b); /* log2_max_pic_order_cnt_lsb_minus4 */
	if (type != 1)
		return;
	bits_take(b, 1);
	bits_se(b); /* offset_for_non_ref_pic */
	bits_se(b); /* offset_for_top_to_bottom_field */
	cycle = bits_ue(b);
	for (uint32_t i = 0; i < cycle && i < POC_CYCLE_MAX && !b->overrun; i++)
		bits_se(b);
}

/* Side of the picture less what is cropped on both ends, in units of @unit; 0: out of bounds. */
static uint16_t crop(uint64_t side, uint64_t from, uint64_t to, unsigned unit)
{
	uint64_t cut = (from + to) * unit;

	return side <= LIMIT_SIDE_PIXELS && cut < side ? (uint16_t)(side - cut) : 0;
}

/* From pic_width_in_mbs_minus1 to the cropping. */
static void read_size(struct bits *b, uint32_t chroma, struct sps *sps)
{
	uint64_t width = (bits_ue(b) + 1ull) * MACROBLOCK, height = (bits_ue(b) + 1ull) * MACROBLOCK;
	uint32_t left = 0, right = 0, top = 0, bottom = 0;
	bool frames = bits_take(b, 1);
	unsigned across = chroma == 1 || chroma == 2 ? 2 : 1, down = chroma == 1 ? 2 : 1; /* table 6-1 */

	if (!frames)
		bits_take(b, 1); /* mb_adaptive_frame_field_flag */
	bits_take(b, 1);         /* direct_8x8_inference_flag */
	if (bits_take(b, 1)) {
		left = bits_ue(b);
		right = bits_ue(b);
		top = bits_ue(b);
		bottom = bits_ue(b);
	}
	if (b->overrun)
		return;
	sps->width = crop(width, left, right, across);
	sps->height = crop(frames ? height : 2 * height, top, bottom, frames ? down : 2 * down);
}

int sps_parse(struct sps *ret_sps, const uint8_t *nal, uint32_t len)
{
	uint8_t rbsp[RBSP_BYTES];
	struct bits b = open_rbsp(rbsp, nal, len);
	uint32_t profile = bits_take(&b, 8), chroma = 1;
	struct sps sps = { 0 };

	bits_take(&b, 16); /* constraint flags, level_idc */
	sps.id = bits_ue(&b);
	if (tells_chroma(profile))
		chroma = read_chroma(&b);
	bits_ue(&b); /* log2_max_frame_num_minus4 */
	skip_order_count(&b);
	bits_ue(&b); /* max_num_ref_frames */
	bits_take(&b, 1);
	read_size(&b, chroma, &sps);
	if (b.overrun || sps.id > SPS_ID_MAX || chroma > CHROMA_444 || !sps.width || !sps.height)
		return -EBADMSG;
	*ret_sps = sps;
	return 0;
}

int sps_pps_id(uint32_t *ret_id, const uint8_t *nal, uint32_t len)
{
	uint8_t rbsp[RBSP_BYTES];
	struct bits b = open_rbsp(rbsp, nal, len);
	uint32_t id = bits_ue(&b);

	if (b.overrun || id > PPS_ID_MAX)
		return -EBADMSG;
	*ret_id = id;
	return 0;
}
