/* SPDX-License-Identifier: BSD-3-Clause */
/* What control asks for (base/msg.h), carried out or refused. Command thread. */
#ifndef DATAPLANE_REQUEST_H
#define DATAPLANE_REQUEST_H

#include "base/msg.h"

/* control_link_cfg.on_request; @arg is a struct session_table. */
void request_handle(void *arg, const union msg *msg);

#endif
