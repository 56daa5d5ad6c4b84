/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/eal.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include "base/limits.h"
#include "base/log.h"

#define HUGE_PAGES "/sys/kernel/mm/hugepages"
#define EAL_ARGS   96

struct eal_args {
	int count;
	char *words[EAL_ARGS];
};

static void add(struct eal_args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct eal_args *args, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (args->count == EAL_ARGS - 1 || vasprintf(&args->words[args->count++], format, list) < 0)
		abort();
	va_end(list);
}

bool eal_is_pci(const char *word)
{
	unsigned domain, bus, device, function;
	int used = 0;

	if (sscanf(word, "%4x:%2x:%2x.%1u%n", &domain, &bus, &device, &function, &used) == 4 && !word[used])
		return true;
	used = 0;
	return sscanf(word, "%2x:%2x.%1u%n", &bus, &device, &function, &used) == 3 && !word[used];
}

/* A figure of huge pages of one size, 0 when there is none. */
static unsigned long pages(const char *size, const char *what)
{
	char path[512];
	unsigned long count = 0;

	snprintf(path, sizeof(path), HUGE_PAGES "/%s/%s", size, what);
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%lu", &count) != 1)
		count = 0;
	if (f)
		fclose(f);
	return count;
}

/* MiB of huge pages of any size that are free, and that no other process has been promised. */
static uint64_t free_hugepages_mb(void)
{
	DIR *sizes = opendir(HUGE_PAGES);
	uint64_t total_kb = 0;

	for (struct dirent *e; sizes && (e = readdir(sizes));) {
		unsigned long size_kb, count, promised;

		if (sscanf(e->d_name, "hugepages-%lukB", &size_kb) != 1)
			continue;
		count = pages(e->d_name, "free_hugepages");
		promised = pages(e->d_name, "resv_hugepages");
		total_kb += count > promised ? (uint64_t)(count - promised) * size_kb : 0;
	}
	if (sizes)
		closedir(sizes);
	return total_kb >> 10;
}

/* CPUs that the poll loops leave free, as an EAL list "(0,2,3)"; all of them when they leave none. */
static void main_cpus(char *buf, size_t size, const unsigned *cpus, unsigned count)
{
	cpu_set_t set;
	size_t len = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned i = 0; i < count && CPU_COUNT(&set) > 1; i++)
		CPU_CLR(cpus[i], &set);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && len + 8 < size; cpu++)
		if (CPU_ISSET(cpu, &set))
			len += (size_t)snprintf(buf + len, size - len, "%c%u", len ? ',' : '(', cpu);
	snprintf(buf + len, size - len, ")");
}

static int check_cpus(const unsigned *cpus, int count)
{
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < count; i++) {
		if (cpus[i] < CPU_SETSIZE && CPU_ISSET(cpus[i], &set))
			continue;
		log_error("dataplane.lcores: CPU %u is not there for us; this process may use %d CPUs, see "
		          "'taskset -p %d'",
		        cpus[i], CPU_COUNT(&set), getpid());
		return -EINVAL;
	}
	return 0;
}

static bool has_pci(const struct conf *conf)
{
	for (char **port = conf->dataplane_port; *port; port++)
		if (eal_is_pci(*port))
			return true;
	return false;
}

/* Whether DPDK's memory is of huge pages. A machine that has none is no reason not to record, unless that is
 * asked for, or a NIC was bought to be fast: then somebody has to know. */
static int choose_memory(const struct conf *conf, bool *ret_huge)
{
	uint64_t free_mb = conf->dataplane_hugepages == CONF_HUGEPAGES_OFF ? 0 : free_hugepages_mb();
	int wanted = (int)(conf->dataplane_memory_mb + conf->dataplane_block_mb) / 2 + 16;

	*ret_huge = free_mb >= (uint64_t)conf->dataplane_memory_mb;
	if (*ret_huge || conf->dataplane_hugepages == CONF_HUGEPAGES_OFF)
		return 0;
	if (conf->dataplane_hugepages == CONF_HUGEPAGES_AUTO && !has_pci(conf)) {
		log_warn("%llu MiB of huge pages are free, dataplane.memory_mb asks for %lld: running in the "
		         "small "
		         "form, from plain memory, where every packet costs more; 'echo %d > "
		         "/proc/sys/vm/nr_hugepages' and a restart end that",
		        (unsigned long long)free_mb, (long long)conf->dataplane_memory_mb, wanted);
		return 0;
	}
	log_error("%llu MiB of huge pages are free, dataplane.memory_mb asks for %lld, nothing is started: "
	          "'echo "
	          "%d > /proc/sys/vm/nr_hugepages' reserves 2 MiB pages until the next boot; without them, "
	          "slower, it runs with hugepages = off in [dataplane]",
	        (unsigned long long)free_mb, (long long)conf->dataplane_memory_mb, wanted);
	return -ENOMEM;
}

static void build(
        struct eal_args *args, const struct conf *conf, bool huge, const unsigned *cpus, unsigned count)
{
	char rest[1024];

	add(args, "wirespool-dataplane");
	add(args, "--no-telemetry");
	add(args, "--log-level=%s", conf->log_level == LOG_LEVEL_DEBUG ? "notice" : "error");
	add(args, "-m");
	add(args, "%d", (int)conf->dataplane_memory_mb);
	if (!huge) {
		add(args, "--no-huge");
		add(args, "--no-shconf"); /* no files of DPDK's own: --in-memory is not to be had without huge
		                             pages */
	} else {
		add(args, "--in-memory");
	}
	main_cpus(rest, sizeof(rest), cpus, count);
	char lcores[4096];
	size_t len = (size_t)snprintf(lcores, sizeof(lcores), "0@%s", rest);
	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(lcores + len, sizeof(lcores) - len, ",%u@%u", i + 1, cpus[i]);
	add(args, "--lcores=%s", lcores);
	add(args, "--main-lcore=0");
	for (char **port = conf->dataplane_port; *port; port++) {
		if (eal_is_pci(*port))
			add(args, "--allow=%s", *port);
		else
			add(args, "--vdev=%s", *port);
	}
	if (!has_pci(conf)) {
		add(args, "--no-pci");
		add(args, "--iova-mode=va");
	}
	char *more = strdup(conf->dataplane_eal), *save = NULL;
	for (char *word = strtok_r(more, " \t", &save); word && args->count < EAL_ARGS - 2;
	        word = strtok_r(NULL, " \t", &save))
		add(args, "%s", word);
	free(more);
	args->words[args->count] = NULL;
}

int eal_start(const struct conf *conf, unsigned *ret_lcores, unsigned *ret_count)
{
	static struct eal_args args; /* the EAL keeps pointers into them as long as the process lives */
	char *words[EAL_ARGS];       /* a copy: the EAL writes into it */
	unsigned cpus[LIMIT_LCORES];
	int count = conf_cpus(conf->dataplane_lcores, cpus, LIMIT_LCORES);
	bool huge = false;

	if (count <= 0) {
		log_error("dataplane.lcores: name at least one CPU and at most %d", LIMIT_LCORES);
		return -EINVAL;
	}
	int status = check_cpus(cpus, count);
	if (!status)
		status = choose_memory(conf, &huge);
	if (status)
		return status;

	build(&args, conf, huge, cpus, (unsigned)count);
	memcpy(words, args.words, sizeof(words));
	int used = rte_eal_init(args.count, words);
	if (used < 0) {
		log_error("DPDK does not start: %s; are the devices of dataplane.port (%s%s) there, bound to "
		          "vfio-pci if they are NICs, and is this run as root?",
		        rte_strerror(rte_errno), conf->dataplane_port[0],
		        conf->dataplane_port[1] ? ", ..." : "");
		return rte_errno ? -rte_errno : -EINVAL;
	}
	for (int i = 0; i < count; i++)
		ret_lcores[i] = (unsigned)i + 1;
	*ret_count = (unsigned)count;
	return 0;
}
