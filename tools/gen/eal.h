/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's environment: one thread, the device of --vdev, no files of its own. Once a process, main thread. */
#ifndef TOOLS_GEN_EAL_H
#define TOOLS_GEN_EAL_H

struct options;

/* Start it, in options->netns if there is one, on the CPUs that this thread may use. 0 or -errno, logged. */
int eal_start(const struct options *options);
void eal_stop(void);

#endif
