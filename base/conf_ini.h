/* SPDX-License-Identifier: BSD-3-Clause */
/* An INI file into struct conf: lines by inih, values by conf_row.
 *
 *   ; comment        # comment
 *   [section]
 *   key = value      ; comment
 *
 * Internal to base/conf*.c.
 */
#ifndef BASE_CONF_INI_H
#define BASE_CONF_INI_H

#include "base/conf_report.h"

#define CONF_INI_FILE_BYTES (1 << 20)
#define CONF_INI_LINE_BYTES 16384

/* Read report->path into @conf. What is wrong in it is reported and counted, not returned. Returns 0, or
 * -errno when the file cannot be read (-EFBIG: more than CONF_INI_FILE_BYTES), unreported. */
int conf_ini_read(struct conf *conf, struct conf_report *report);

#endif
