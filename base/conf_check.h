/* SPDX-License-Identifier: BSD-3-Clause */
/* What one option's type and bounds cannot say: texts that have a form of their own, options that depend on
 * others.
 *
 * Internal to base/conf*.c.
 */
#ifndef BASE_CONF_CHECK_H
#define BASE_CONF_CHECK_H

#include "base/conf_report.h"

/* Report all that is wrong with @conf; options that were reported before are passed over. */
void conf_check(const struct conf *conf, struct conf_report *report);

#endif
