/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/eal.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include "base/log.h"
#include "tools/gen/options.h"
#include "tools/gen/output.h"

#define EAL_WORD_BYTES 1024

/* The CPUs that we may use, as an EAL list: one EAL thread that floats over them. */
static void list_cpus(char *buf, size_t size)
{
	cpu_set_t set;
	size_t len = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && len + 8 < size; cpu++)
		if (CPU_ISSET(cpu, &set))
			len += (size_t)snprintf(buf + len, size - len, "%c%u", len ? ',' : '(', cpu);
	snprintf(buf + len, size - len, ")");
}

/* The EAL keeps pointers to its arguments: they are static. */
static int init_eal(const struct options *o)
{
	static char words[9][EAL_WORD_BYTES], no_shconf[] = "--no-shconf", *args[10];
	char cpus[EAL_WORD_BYTES - 16];
	int count = 0;

	list_cpus(cpus, sizeof(cpus));
	snprintf(words[count++], EAL_WORD_BYTES, "wirespool-gen");
	snprintf(words[count++], EAL_WORD_BYTES, "--no-telemetry");
	snprintf(words[count++], EAL_WORD_BYTES, "--log-level=error");
	snprintf(words[count++], EAL_WORD_BYTES, "--no-pci");
	snprintf(words[count++], EAL_WORD_BYTES, "--iova-mode=va");
	snprintf(words[count++], EAL_WORD_BYTES, "--lcores=0@%s", cpus);
	snprintf(words[count++], EAL_WORD_BYTES, "-m%u", (unsigned)o->memory_mb);
	snprintf(words[count++], EAL_WORD_BYTES, "--vdev=%s", o->vdev);
	/* files of DPDK's own are not wanted, and --in-memory is not to be had without huge pages */
	snprintf(words[count++], EAL_WORD_BYTES, o->no_huge ? "--no-huge" : "--in-memory");
	for (int i = 0; i < count; i++)
		args[i] = words[i];
	if (o->no_huge)
		args[count++] = no_shconf;
	return rte_eal_init(count, args) < 0 ? -rte_errno : 0;
}

int eal_start(const struct options *o)
{
	int back, status;

	if (strlen(o->vdev) + sizeof("--vdev=") > EAL_WORD_BYTES) {
		log_error("--vdev is too long");
		return -EINVAL;
	}
	status = output_enter_netns(o->netns, &back);
	if (status)
		return status;
	status = init_eal(o);
	output_leave_netns(back);
	if (status)
		log_error("DPDK does not start: %s; is the device %s well written, and are there huge pages "
		          "(else --no-huge)?",
		        rte_strerror(-status), o->vdev);
	return status;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}
