/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment from our configuration: memory, cores, devices. Main thread, once. */
#ifndef DATAPLANE_EAL_H
#define DATAPLANE_EAL_H

#include "base/conf.h"

/* Check huge pages and cores, build the EAL's arguments, start it. 0 or -errno, logged with the remedy. With
 * dataplane.hugepages = auto, no NIC of our own and too few huge pages, memory is plain: that is warned of.
 * On success @ret_lcores has the EAL ids of the poll loops and *ret_count how many. */
int eal_start(const struct conf *conf, unsigned *ret_lcores, unsigned *ret_count);

/* Whether a word of dataplane.port is a PCI address ("0000:3b:00.0" or "3b:00.0"). */
bool eal_is_pci(const char *word);

#endif
