/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/disks.h"

#include <math.h>
#include <sys/statvfs.h>
#include "appliance/top/lcores.h"
#include "appliance/top/overview.h"
#include "base/clk.h"

static void make_rates(struct disks_row *row, const uint64_t *now, const uint64_t *before, double seconds)
{
#define RATE(id) overview_rate(now[STAT_WRITER_##id], before[STAT_WRITER_##id], seconds)
	row->pps = RATE(pkts);
	row->fps = RATE(frames);
	row->media_bps = RATE(bytes);
	row->written_bps = RATE(written_bytes);
	row->writes_per_s = RATE(writes);
	row->syncs_per_s = RATE(syncs);
	row->dropped_per_s = RATE(drop_no_block);
#undef RATE
	row->write_p50_ns = lcores_quantile(now + STAT_WRITER_write_ns, before + STAT_WRITER_write_ns, 0.5);
	row->write_p99_ns = lcores_quantile(now + STAT_WRITER_write_ns, before + STAT_WRITER_write_ns, 0.99);
}

unsigned disks_make(
        struct disks_row *rows, const struct counters_sample *now, const struct counters_sample *before)
{
	double seconds = before ? (double)(now->mono_ns - before->mono_ns) / CLK_NS_PER_S : 0;

	for (unsigned i = 0; i < now->writers; i++) {
		const uint64_t *slot = now->writer[i];

		rows[i] = (struct disks_row){ .write_p50_ns = NAN,
			.write_p99_ns = NAN,
			.write_max_ns = slot[STAT_WRITER_write_ns_max],
			.write_errors = slot[STAT_WRITER_write_errors],
			.inflight = slot[STAT_WRITER_inflight],
			.queued_bytes = slot[STAT_WRITER_queued_bytes],
			.blocks = slot[STAT_WRITER_blocks_in_use],
			.block_bytes = slot[STAT_WRITER_block_bytes],
			.files = slot[STAT_WRITER_files_open] };
		if (seconds > 0)
			make_rates(&rows[i], slot, before->writer[i], seconds);
	}
	return now->writers;
}

struct disks_space disks_space(const char *record_dir, uint64_t counted_free_bytes)
{
	struct disks_space space = { .is_known = counted_free_bytes > 0, .free_bytes = counted_free_bytes };
	struct statvfs fs;

	if (record_dir && !statvfs(record_dir, &fs)) {
		space.is_known = true;
		space.free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
		space.total_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	}
	return space;
}
