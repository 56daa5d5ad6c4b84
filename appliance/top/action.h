/* SPDX-License-Identifier: BSD-3-Clause */
/* What the operator can ask control for, of the row that is selected. Each is prepared, shown for
 * confirmation, and done. One thread. */
#ifndef APPLIANCE_TOP_ACTION_H
#define APPLIANCE_TOP_ACTION_H

#include <stdbool.h>
#include "appliance/top/ui.h"

/* Prepare ui->action: stop the session of the track at ui->slot; ask its sender for a key frame; try the
 * selected upload now. False, with ui->message: it cannot be done, and why. */
bool action_stop(struct ui *ui, const struct machine *machine);
bool action_key_frame(struct ui *ui, const struct machine *machine);
bool action_retry(struct ui *ui, const struct machine *machine);

/* Do what was prepared. */
void action_do(struct ui *ui, struct machine *machine);

#endif
