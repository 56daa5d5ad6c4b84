/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures as people read them: three digits that count, and a unit. Any thread; nothing is kept.
 *
 * Each prints into @buf of FORMAT_BYTES and returns it. A value that is not known is NAN and prints as "-".
 */
#ifndef APPLIANCE_TOP_FORMAT_H
#define APPLIANCE_TOP_FORMAT_H

#define FORMAT_BYTES 32

/* 12345678 → "12.3M"; below 1000 as it is, with one decimal below 10 unless it is whole. */
char *format_count(char *buf, double value);
/* The same with a unit behind a space: "12.3 Mbit/s", "987 bit/s". */
char *format_unit(char *buf, double value, const char *unit);
/* Bytes by powers of 1024: "1.50 GiB", "987 B". */
char *format_bytes(char *buf, double bytes);
/* A part of a whole: 0.1234 → "12.3". */
char *format_percent(char *buf, double part);
/* Seconds: "45 s", "12 min", "3 h 12 min", "2 d 4 h"; INFINITY prints as "ever": it is enough for that. */
char *format_duration(char *buf, double seconds);
/* Nanoseconds: "987 ns", "12.3 us", "4.56 ms", "1.20 s". */
char *format_ns(char *buf, double ns);

#endif
