/* SPDX-License-Identifier: BSD-3-Clause */
/* The enums STAT_<SCOPE>_<id>, one a scope, made from the counter table: a row of the table becomes an enumerator only in
 * the enum of its own scope, and is as many words wide as its kind. Include base/stat.h instead of this. */
#ifndef BASE_STAT_INDEX_H
#define BASE_STAT_INDEX_H

/* What follows the first word of a row: a histogram's other words, of which the last one is named. */
#define STAT_INDEX_AFTER_COUNTER(first)
#define STAT_INDEX_AFTER_GAUGE(first)
#define STAT_INDEX_AFTER_HIST(first) first##_sum = first + STAT_HIST_BUCKETS,

#define STAT_PROC_OF_PROC(id, kind) STAT_PROC_##id, STAT_INDEX_AFTER_##kind(STAT_PROC_##id)
#define STAT_PROC_OF_PORT(id, kind)
#define STAT_PROC_OF_LCORE(id, kind)
#define STAT_PROC_OF_FLOW(id, kind)
#define STAT_PROC_OF_WRITER(id, kind)
#define STAT_PROC_OF_TRACK(id, kind)
#define STAT_PROC_ROW(scope, id, kind, ...) STAT_PROC_OF_##scope(id, kind)
enum stat_proc { STAT_TABLE(STAT_PROC_ROW) STAT_PROC_COUNT };

#define STAT_PORT_OF_PROC(id, kind)
#define STAT_PORT_OF_PORT(id, kind) STAT_PORT_##id, STAT_INDEX_AFTER_##kind(STAT_PORT_##id)
#define STAT_PORT_OF_LCORE(id, kind)
#define STAT_PORT_OF_FLOW(id, kind)
#define STAT_PORT_OF_WRITER(id, kind)
#define STAT_PORT_OF_TRACK(id, kind)
#define STAT_PORT_ROW(scope, id, kind, ...) STAT_PORT_OF_##scope(id, kind)
enum stat_port { STAT_TABLE(STAT_PORT_ROW) STAT_PORT_COUNT };

#define STAT_LCORE_OF_PROC(id, kind)
#define STAT_LCORE_OF_PORT(id, kind)
#define STAT_LCORE_OF_LCORE(id, kind) STAT_LCORE_##id, STAT_INDEX_AFTER_##kind(STAT_LCORE_##id)
#define STAT_LCORE_OF_FLOW(id, kind)
#define STAT_LCORE_OF_WRITER(id, kind)
#define STAT_LCORE_OF_TRACK(id, kind)
#define STAT_LCORE_ROW(scope, id, kind, ...) STAT_LCORE_OF_##scope(id, kind)
enum stat_lcore { STAT_TABLE(STAT_LCORE_ROW) STAT_LCORE_COUNT };

#define STAT_FLOW_OF_PROC(id, kind)
#define STAT_FLOW_OF_PORT(id, kind)
#define STAT_FLOW_OF_LCORE(id, kind)
#define STAT_FLOW_OF_FLOW(id, kind) STAT_FLOW_##id, STAT_INDEX_AFTER_##kind(STAT_FLOW_##id)
#define STAT_FLOW_OF_WRITER(id, kind)
#define STAT_FLOW_OF_TRACK(id, kind)
#define STAT_FLOW_ROW(scope, id, kind, ...) STAT_FLOW_OF_##scope(id, kind)
enum stat_flow { STAT_TABLE(STAT_FLOW_ROW) STAT_FLOW_COUNT };

#define STAT_WRITER_OF_PROC(id, kind)
#define STAT_WRITER_OF_PORT(id, kind)
#define STAT_WRITER_OF_LCORE(id, kind)
#define STAT_WRITER_OF_FLOW(id, kind)
#define STAT_WRITER_OF_WRITER(id, kind) STAT_WRITER_##id, STAT_INDEX_AFTER_##kind(STAT_WRITER_##id)
#define STAT_WRITER_OF_TRACK(id, kind)
#define STAT_WRITER_ROW(scope, id, kind, ...) STAT_WRITER_OF_##scope(id, kind)
enum stat_writer { STAT_TABLE(STAT_WRITER_ROW) STAT_WRITER_COUNT };

#define STAT_TRACK_OF_PROC(id, kind)
#define STAT_TRACK_OF_PORT(id, kind)
#define STAT_TRACK_OF_LCORE(id, kind)
#define STAT_TRACK_OF_FLOW(id, kind)
#define STAT_TRACK_OF_WRITER(id, kind)
#define STAT_TRACK_OF_TRACK(id, kind) STAT_TRACK_##id, STAT_INDEX_AFTER_##kind(STAT_TRACK_##id)
#define STAT_TRACK_ROW(scope, id, kind, ...) STAT_TRACK_OF_##scope(id, kind)
enum stat_track { STAT_TABLE(STAT_TRACK_ROW) STAT_TRACK_COUNT };

#endif
