/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and their printed forms. Any thread. */
#ifndef BASE_CLK_H
#define BASE_CLK_H

#include <stddef.h>
#include <stdint.h>

#define CLK_NS_PER_S  1000000000ull
#define CLK_NS_PER_MS 1000000ull

/* CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds; or what clk_set has said last. */
uint64_t clk_mono_ns(void);
uint64_t clk_wall_ns(void);

/* From here on both clocks stand still at these times, until they are set to others: for a program that has
 * time pass as something else tells it, as a capture of packets does. There is no way back. */
void clk_set(uint64_t mono_ns, uint64_t wall_ns);

/* NTP time (RFC 5905 section 6: 32.32 fixed point since 1900, eras unfolded around 2036) to and from Unix ns,
 * for 1970 to 2106. The 0 of a sender without a clock (RFC 3550 section 6.4.1) is the caller's to notice. */
uint64_t clk_ntp_to_unix_ns(uint64_t ntp);
uint64_t clk_unix_ns_to_ntp(uint64_t unix_ns);

#define CLK_RFC3339_BYTES 32
/* "2026-11-21T01:02:03.456789Z" (with @fraction digits 0, 3, 6 or 9) into @buf of CLK_RFC3339_BYTES; returns
 * buf. */
char *clk_rfc3339(char *buf, uint64_t unix_ns, int fraction);
/* The other way; 0 or -EINVAL. Takes any offset and 0 to 9 digits of fraction. */
int clk_parse_rfc3339(const char *text, uint64_t *ret_unix_ns);

#endif
