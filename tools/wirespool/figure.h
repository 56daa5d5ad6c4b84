/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures as people read them. Any thread; each writes into the caller's buffer and returns it. */
#ifndef TOOLS_WIRESPOOL_FIGURE_H
#define TOOLS_WIRESPOOL_FIGURE_H

#include <stdint.h>

#define FIGURE_BYTES 32

/* "1023 B", "1.5 KiB", "12 MiB": three digits at least from KiB on. */
char *figure_size(char buf[FIGURE_BYTES], uint64_t bytes);

/* "900 bit/s", "64 kbit/s", "2.5 Mbit/s". */
char *figure_rate(char buf[FIGURE_BYTES], uint64_t bits_per_s);

/* "4.2 s", "1:02", "1:02:03". */
char *figure_duration(char buf[FIGURE_BYTES], double seconds);

/* "85 us", "1.2 ms", "3.4 s". */
char *figure_latency(char buf[FIGURE_BYTES], uint64_t ns);

/* RFC 3339 text without its fraction; what is none stays as it is, cut to the buffer. NULL is "-". */
char *figure_time(char buf[FIGURE_BYTES], const char *rfc3339);

#endif
