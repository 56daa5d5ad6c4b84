/* SPDX-License-Identifier: BSD-3-Clause */
/* What uploader/transfer*.c share and nobody else needs. */
#ifndef UPLOADER_TRANSFER_INTERNAL_H
#define UPLOADER_TRANSFER_INTERNAL_H

#include "uploader/transfer.h"

/* prefix + name, to be freed; NULL when memory is short. */
char *transfer_key(const struct transfer *t, const struct transfer_env *env);

/* Write the ledger; a failure is logged and survived. */
void transfer_save(struct transfer *t, const struct transfer_env *env);

/* Give up what was begun: its upload is aborted, the ledger removed. Answers to it that are still to come are
 * ignored. */
void transfer_abandon(struct transfer *t, const struct transfer_env *env);

#endif
