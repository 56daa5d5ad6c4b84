/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on huge pages: of every size, in all and for each NUMA node. */
#include "tools/wirespool/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/wirespool/doctor_numa.h"
#include "tools/wirespool/sysfile.h"

struct pages {
	const char *root, *dir; /* where the sizes are */
	uint64_t total_mb, free_mb;
	char text[256]; /* "512 of 1024 pages of 2 MiB free" */
};

static void add_size(void *arg, const char *entry)
{
	struct pages *pages = arg;
	unsigned long size_kb;
	int64_t total, free;

	if (sscanf(entry, "hugepages-%lukB", &size_kb) != 1 ||
	        !sysfile_number(pages->root, &total, "%s/%s/nr_hugepages", pages->dir, entry) ||
	        !sysfile_number(pages->root, &free, "%s/%s/free_hugepages", pages->dir, entry) || !total)
		return;
	pages->total_mb += (uint64_t)total * size_kb / 1024;
	pages->free_mb += (uint64_t)free * size_kb / 1024;
	size_t len = strlen(pages->text);
	snprintf(pages->text + len, sizeof(pages->text) - len, "%s%lld of %lld pages of %lu MiB free",
	        len ? ", " : "", (long long)free, (long long)total, size_kb / 1024);
}

static bool read_pages(const struct doctor *doctor, const char *dir, struct pages *ret_pages)
{
	*ret_pages = (struct pages){ .root = doctor->root, .dir = dir };
	return sysfile_each(doctor->root, dir, add_size, ret_pages);
}

/* On a machine of several nodes: what lies where, and whether the NIC's own has any. */
static void check_nodes(struct doctor *doctor)
{
	int nic = doctor_numa_of_ports(doctor);

	for (int node = 0; node < DOCTOR_NUMA_NODES; node++) {
		char dir[128], remedy[DOCTOR_REMEDY_BYTES];
		struct pages pages;

		snprintf(dir, sizeof(dir), "/sys/devices/system/node/node%d/hugepages", node);
		snprintf(remedy, sizeof(remedy),
		        "reserve them there: echo %lld > %s/hugepages-2048kB/nr_hugepages",
		        (long long)(doctor->conf->dataplane_memory_mb + doctor->conf->dataplane_block_mb) /
		                        2 +
		                16,
		        dir);
		if (!sysfile_exists(doctor->root, "/sys/devices/system/node/node1") ||
		        !read_pages(doctor, dir, &pages))
			continue;
		if (node == nic && !pages.total_mb)
			doctor_say(doctor, DOCTOR_WARNING, remedy,
			        "node %d has the NIC and no huge pages: packets go to another node's memory",
			        node);
		else
			doctor_say(doctor, DOCTOR_OK, NULL, "node %d: %s", node,
			        pages.text[0] ? pages.text : "none");
	}
}

static bool has_pci(const struct conf *conf)
{
	char address[DOCTOR_PCI_BYTES];

	for (char **port = conf->dataplane_port; *port; port++)
		if (doctor_port_is_pci(*port, address))
			return true;
	return false;
}

/* Too few for dataplane.memory_mb: where it may, the dataplane runs in the small form, from plain memory. */
static void judge_few(struct doctor *doctor, const struct pages *pages, const char *remedy)
{
	const struct conf *conf = doctor->conf;
	bool small = conf->dataplane_hugepages == CONF_HUGEPAGES_AUTO && !has_pci(conf);

	doctor_say(doctor, small ? DOCTOR_WARNING : DOCTOR_PROBLEM, remedy,
	        "%s, dataplane.memory_mb and block_mb ask for %llu + %llu MiB: the dataplane %s",
	        pages->text[0] ? pages->text : "no huge pages are reserved",
	        (unsigned long long)conf->dataplane_memory_mb, (unsigned long long)conf->dataplane_block_mb,
	        small ? "runs in the small form, from plain memory, where every packet costs more"
	              : "does not start without");
}

/* While the dataplane runs its own are taken; what is there in all counts then. */
static void judge(struct doctor *doctor, const struct pages *pages)
{
	const struct conf *conf = doctor->conf;
	uint64_t packets_mb = (uint64_t)conf->dataplane_memory_mb,
	         blocks_mb = (uint64_t)conf->dataplane_block_mb;
	uint64_t have_mb = doctor->dataplane.pid ? pages->total_mb : pages->free_mb;
	bool must = conf->dataplane_hugepages == CONF_HUGEPAGES_ON;
	char remedy[DOCTOR_REMEDY_BYTES];

	snprintf(remedy, sizeof(remedy),
	        "'echo %llu > /proc/sys/vm/nr_hugepages' reserves 2 MiB pages until the next boot, "
	        "'wirespool setup --hugepages 2M:%llu' for good; less needs lower dataplane.memory_mb and "
	        "block_mb",
	        (unsigned long long)(packets_mb + blocks_mb) / 2 + 16,
	        (unsigned long long)(packets_mb + blocks_mb) / 2 + 16);
	if (have_mb < packets_mb || (must && have_mb < packets_mb + blocks_mb))
		judge_few(doctor, pages, remedy);
	else if (have_mb < packets_mb + blocks_mb)
		doctor_say(doctor, DOCTOR_WARNING, remedy,
		        "%s: enough for dataplane.memory_mb (%llu MiB), the blocks (%llu MiB) go to plain "
		        "pages",
		        pages->text, (unsigned long long)packets_mb, (unsigned long long)blocks_mb);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s, %llu + %llu MiB asked for", pages->text,
		        (unsigned long long)packets_mb, (unsigned long long)blocks_mb);
}

void doctor_hugepages(struct doctor *doctor)
{
	struct pages pages;

	if (doctor->conf->dataplane_hugepages == CONF_HUGEPAGES_OFF) {
		doctor_say(doctor, DOCTOR_WARNING, "hugepages = auto in [dataplane]",
		        "dataplane.hugepages is off: plain memory, where every packet costs more");
		return;
	}
	if (!read_pages(doctor, "/sys/kernel/mm/hugepages", &pages)) {
		doctor_say(doctor, DOCTOR_PROBLEM, "a kernel with CONFIG_HUGETLBFS",
		        "this kernel has no /sys/kernel/mm/hugepages");
		return;
	}
	judge(doctor, &pages);
	check_nodes(doctor);
}
