/* SPDX-License-Identifier: BSD-3-Clause */
/* Which NUMA node a port and a CPU belong to; what a word of dataplane.port stands for. Main thread. */
#ifndef TOOLS_WIRESPOOL_DOCTOR_NUMA_H
#define TOOLS_WIRESPOOL_DOCTOR_NUMA_H

#include <stdbool.h>
#include <stddef.h>
#include "tools/wirespool/doctor.h"

#define DOCTOR_NUMA_NODES 64
#define DOCTOR_PCI_BYTES  16 /* "0000:3b:00.0" */

/* A PCI address, with its domain, into @ret_address. False: @port is a vdev. */
bool doctor_port_is_pci(const char *port, char ret_address[DOCTOR_PCI_BYTES]);

/* The value of iface= of a vdev that takes an interface which is there. False: it needs none. */
bool doctor_port_iface(const char *port, char *ret_iface, size_t size);

/* The node of a CPU, and of the first port that has one; -1: not known, or only one there is. */
int doctor_numa_of_cpu(const struct doctor *doctor, unsigned cpu);
int doctor_numa_of_port(const struct doctor *doctor, const char *port);
int doctor_numa_of_ports(const struct doctor *doctor);

#endif
