/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on CPUs: those of the poll loops, and what clocks them. */
#include "tools/wirespool/doctor.h"

#include <stdio.h>
#include <string.h>
#include "base/limits.h"
#include "tools/wirespool/sysfile.h"

struct lcores {
	unsigned cpus[LIMIT_LCORES];
	int count;
};

static struct lcores read_lcores(const struct doctor *doctor)
{
	struct lcores lcores;

	lcores.count = conf_cpus(doctor->conf->dataplane_lcores, lcores.cpus, LIMIT_LCORES);
	return lcores;
}

/* Those of @lcores that are not in @set, as a list; how many. */
static unsigned list_missing(const struct lcores *lcores, const cpu_set_t *set, char *text, size_t size)
{
	unsigned missing = 0;

	text[0] = '\0';
	for (int i = 0; i < lcores->count; i++) {
		size_t len = strlen(text);
		if (lcores->cpus[i] < CPU_SETSIZE && CPU_ISSET(lcores->cpus[i], set))
			continue;
		snprintf(text + len, size - len, "%s%u", missing++ ? "," : "", lcores->cpus[i]);
	}
	return missing;
}

/* Another thread of its core takes half of it from a poll loop. */
static void check_siblings(struct doctor *doctor, const struct lcores *lcores)
{
	for (int i = 0; i < lcores->count; i++) {
		cpu_set_t siblings;

		if (!sysfile_cpus(doctor->root, &siblings,
		            "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", lcores->cpus[i]))
			continue;
		for (int k = i + 1; k < lcores->count; k++)
			if (CPU_ISSET(lcores->cpus[k], &siblings))
				doctor_say(doctor, DOCTOR_WARNING,
				        "name CPUs of different cores, see lscpu -e",
				        "CPUs %u and %u are threads of one core", lcores->cpus[i],
				        lcores->cpus[k]);
	}
}

static void check_isolated(struct doctor *doctor, const struct lcores *lcores)
{
	char text[256], remedy[DOCTOR_REMEDY_BYTES];
	cpu_set_t isolated;

	if (!sysfile_cpus(doctor->root, &isolated, "/sys/devices/system/cpu/isolated"))
		CPU_ZERO(&isolated); /* a kernel that cannot */
	if (!list_missing(lcores, &isolated, text, sizeof(text))) {
		doctor_say(
		        doctor, DOCTOR_OK, NULL, "the CPUs of all %d poll loops are isolated", lcores->count);
		return;
	}
	snprintf(remedy, sizeof(remedy), "isolcpus=%s nohz_full=%s rcu_nocbs=%s on the kernel's command line",
	        text, text, text);
	doctor_say(doctor, DOCTOR_WARNING, remedy,
	        "CPUs %s are not isolated: whatever else runs there takes time from a poll loop", text);
}

void doctor_cpus(struct doctor *doctor)
{
	struct lcores lcores = read_lcores(doctor);
	char text[256];
	cpu_set_t online;

	if (lcores.count <= 0 || !sysfile_cpus(doctor->root, &online, "/sys/devices/system/cpu/online")) {
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "/sys/devices/system/cpu/online cannot be read");
		return;
	}
	if (list_missing(&lcores, &online, text, sizeof(text))) {
		doctor_say(doctor, DOCTOR_PROBLEM, "name others in dataplane.lcores",
		        "CPUs %s of dataplane.lcores are not there; this machine has %d", text,
		        CPU_COUNT(&online));
		return;
	}
	if (lcores.count >= CPU_COUNT(&online))
		doctor_say(doctor, DOCTOR_WARNING, "name fewer in dataplane.lcores",
		        "%d poll loops on %d CPUs leave none to writers, control and the kernel",
		        lcores.count, CPU_COUNT(&online));
	check_isolated(doctor, &lcores);
	check_siblings(doctor, &lcores);
}

static void check_governors(struct doctor *doctor)
{
	struct lcores lcores = { .count = 0 };
	char governor[32];

	if (doctor->conf)
		lcores = read_lcores(doctor);
	for (int i = 0; i < lcores.count; i++) {
		if (!sysfile_text(doctor->root, governor, sizeof(governor),
		            "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", lcores.cpus[i]) ||
		        !strcmp(governor, "performance"))
			continue;
		doctor_say(doctor, DOCTOR_WARNING, "cpupower frequency-set -g performance",
		        "CPU %u is governed by '%s': it is slow when a burst comes after silence",
		        lcores.cpus[i], governor);
	}
}

void doctor_cpu_clock(struct doctor *doctor)
{
	static char cpuinfo[1 << 16];
	char source[32] = "", flags[8192] = "";

	sysfile_text(doctor->root, source, sizeof(source),
	        "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	sysfile_text(doctor->root, cpuinfo, sizeof(cpuinfo), "/proc/cpuinfo");
	sysfile_field(cpuinfo, "flags", flags, sizeof(flags));
	if (!flags[0])
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "/proc/cpuinfo tells no flags");
	else if (!strstr(flags, "constant_tsc") || !strstr(flags, "nonstop_tsc"))
		doctor_say(doctor, DOCTOR_WARNING,
		        "on a virtual machine, a CPU model that passes the host's invariant TSC on",
		        "the time stamp counter is not invariant (constant_tsc, nonstop_tsc): packets' "
		        "arrival times may drift");
	else if (source[0] && strcmp(source, "tsc") && strcmp(source, "kvm-clock"))
		doctor_say(doctor, DOCTOR_WARNING, "see why the kernel dropped it: dmesg | grep -i tsc",
		        "the kernel does not trust the time stamp counter, it uses %s", source);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "invariant time stamp counter%s%s",
		        source[0] ? ", the kernel's clock is " : "", source);
	check_governors(doctor);
}
