/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on what a process may have: descriptors, locked memory, io_uring. */
#include "tools/wirespool/doctor.h"

#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "tools/wirespool/sysfile.h"

#define FILES_BESIDE 1024u /* that are no track's: sockets, ports, logs */

/* Two files a track at a time, each with another beside it while it begins and ends. */
static uint64_t files_needed(const struct conf *conf)
{
	return 4 * (uint64_t)conf->dataplane_max_tracks + FILES_BESIDE;
}

static char *limit_text(char buf[32], uint64_t limit)
{
	if (limit == UINT64_MAX)
		strcpy(buf, "unlimited");
	else
		snprintf(buf, 32, "%llu", (unsigned long long)limit);
	return buf;
}

/* The dataplane raises the first limit to the second at its start, and root both. */
static void judge_files(struct doctor *doctor, const char *who, uint64_t limit)
{
	uint64_t needed = files_needed(doctor->conf);
	char text[32], remedy[DOCTOR_REMEDY_BYTES];

	snprintf(remedy, sizeof(remedy),
	        "LimitNOFILE=%llu in its unit, or 'ulimit -n %llu' before it is started; or lower "
	        "dataplane.max_tracks",
	        (unsigned long long)needed, (unsigned long long)needed);
	if (limit < needed / 2)
		doctor_say(doctor, DOCTOR_PROBLEM, remedy,
		        "%s may open %s files, %lld tracks (dataplane.max_tracks) take up to %llu", who,
		        limit_text(text, limit), (long long)doctor->conf->dataplane_max_tracks,
		        (unsigned long long)needed);
	else if (limit < needed)
		doctor_say(doctor, DOCTOR_WARNING, remedy,
		        "%s may open %s files, enough for %lld tracks (dataplane.max_tracks) unless many "
		        "begin and end at once",
		        who, limit_text(text, limit), (long long)doctor->conf->dataplane_max_tracks);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s may open %s files, %llu needed", who,
		        limit_text(text, limit), (unsigned long long)needed);
}

static void judge_memory(struct doctor *doctor, const char *who, uint64_t limit)
{
	uint64_t needed = (uint64_t)doctor->conf->dataplane_block_mb << 20;
	char text[32];

	if (limit >= needed)
		doctor_say(doctor, DOCTOR_OK, NULL, "%s may lock %s bytes of memory, %llu needed", who,
		        limit_text(text, limit), (unsigned long long)needed);
	else
		doctor_say(doctor, DOCTOR_WARNING,
		        "LimitMEMLOCK=infinity in its unit, or 'ulimit -l unlimited' before it is started",
		        "%s may lock %s bytes of memory: blocks (%llu) are not registered with io_uring, and "
		        "writes cost more",
		        who, limit_text(text, limit), (unsigned long long)needed);
}

/* What a dataplane that this shell starts would have. */
static void check_shell(struct doctor *doctor)
{
	struct rlimit files = { 0 }, memory = { 0 };

	if (!geteuid()) {
		doctor_say(doctor, DOCTOR_OK, NULL,
		        "the dataplane does not run; started by root it sets its limits itself");
		return;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_MEMLOCK, &memory);
	judge_files(doctor, "started from this shell, the dataplane",
	        files.rlim_max == RLIM_INFINITY ? UINT64_MAX : files.rlim_max);
	judge_memory(doctor, "started from this shell, the dataplane",
	        memory.rlim_max == RLIM_INFINITY ? UINT64_MAX : memory.rlim_max);
}

void doctor_limits(struct doctor *doctor)
{
	pid_t pid = doctor->dataplane.pid;
	uint64_t soft, hard;

	if (!pid) {
		check_shell(doctor);
		return;
	}
	if (!daemon_limit(doctor->root, pid, "Max open files", &soft, &hard)) {
		doctor_say(doctor, DOCTOR_UNCHECKED, "run this as root", "/proc/%d/limits cannot be read",
		        (int)pid);
		return;
	}
	judge_files(doctor, "the dataplane", soft);
	if (daemon_limit(doctor->root, pid, "Max locked memory", &soft, &hard))
		judge_memory(doctor, "the dataplane", soft);
}

static void explain(struct doctor *doctor, int error)
{
	char status[4096], seccomp[8] = "0";

	sysfile_text(doctor->root, status, sizeof(status), "/proc/self/status");
	sysfile_field(status, "Seccomp", seccomp, sizeof(seccomp));
	if (error == ENOSYS)
		doctor_say(doctor, DOCTOR_PROBLEM, "a kernel from 5.19 on, with CONFIG_IO_URING",
		        "this kernel has no io_uring");
	else if (strcmp(seccomp, "0"))
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "allow io_uring_setup, io_uring_enter and io_uring_register in the container's "
		        "profile",
		        "io_uring is refused (%s), and a seccomp filter is in force here", strerror(error));
	else
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "look at seccomp, SELinux or AppArmor, and kernel.io_uring_disabled",
		        "io_uring is refused: %s", strerror(error));
}

void doctor_uring(struct doctor *doctor)
{
	int64_t disabled = 0;
	struct io_uring ring;

	sysfile_number(doctor->root, &disabled, "/proc/sys/kernel/io_uring_disabled");
	if (disabled >= 2) {
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "sysctl -w kernel.io_uring_disabled=0, and a line in /etc/sysctl.d for good",
		        "kernel.io_uring_disabled is %lld: nobody may use it", (long long)disabled);
		return;
	}
	if (disabled == 1)
		doctor_say(doctor, DOCTOR_WARNING,
		        "sysctl -w kernel.io_uring_disabled=0, or dataplane.user in the group of "
		        "kernel.io_uring_group",
		        "kernel.io_uring_disabled is 1: only root and one group may use it");
	int error = -io_uring_queue_init(4, &ring, 0);
	if (error) {
		explain(doctor, error);
		return;
	}
	io_uring_queue_exit(&ring);
	doctor_say(doctor, DOCTOR_OK, NULL, "io_uring works");
}
