/* SPDX-License-Identifier: BSD-3-Clause */
/* A replay's report (tools/replay/report.h) in words. */
#ifndef REPLAY_REPORT_TEXT_H
#define REPLAY_REPORT_TEXT_H

#include <stdio.h>
#include <jansson.h>

void report_text_print(const json_t *report, FILE *out);

#endif
