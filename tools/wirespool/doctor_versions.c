/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on versions: kernel, DPDK, and what the daemons that run are of. */
#include "tools/wirespool/doctor.h"

#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tools/wirespool/sysfile.h"

/* io_uring's writes came with 5.1; files are registered as they come and go from 5.19 on. */
static void check_kernel(struct doctor *doctor)
{
	struct utsname system;
	unsigned major = 0, minor = 0;

	uname(&system);
	sscanf(system.release, "%u.%u", &major, &minor);
	if (major < 5 || (major == 5 && minor < 1))
		doctor_say(doctor, DOCTOR_PROBLEM, "a kernel from 5.19 on", "Linux %s has no io_uring",
		        system.release);
	else if (major == 5 && minor < 19)
		doctor_say(doctor, DOCTOR_WARNING, "a kernel from 5.19 on",
		        "Linux %s: writes cost more than they have to", system.release);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "Linux %s", system.release);
}

/* The EAL that the dataplane has mapped. */
static bool find_mapped(const struct doctor *doctor, char *ret_name, size_t size)
{
	char path[SYSFILE_PATH_BYTES], line[SYSFILE_PATH_BYTES], *at;
	bool found = false;

	snprintf(path, sizeof(path), "%s/proc/%d/maps", doctor->root, (int)doctor->dataplane.pid);
	FILE *maps = doctor->dataplane.pid ? fopen(path, "re") : NULL;
	while (maps && !found && fgets(line, sizeof(line), maps)) {
		at = strstr(line, "/librte_eal.so.");
		found = at;
		if (found)
			snprintf(ret_name, size, "%.*s", (int)strcspn(at + 1, " \n"), at + 1);
	}
	if (maps)
		fclose(maps);
	return found;
}

static bool find_installed(const struct doctor *doctor, char *ret_name, size_t size)
{
	char pattern[SYSFILE_PATH_BYTES];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/usr/lib/*/librte_eal.so.*.*", doctor->root);
	bool good = !glob(pattern, 0, NULL, &found);
	if (good)
		snprintf(ret_name, size, "%s", strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return good;
}

static void check_dpdk(struct doctor *doctor)
{
	char name[128];

	if (find_mapped(doctor, name, sizeof(name)))
		doctor_say(doctor, DOCTOR_OK, NULL, "the dataplane runs on DPDK's %s", name);
	else if (find_installed(doctor, name, sizeof(name)))
		doctor_say(doctor, DOCTOR_OK, NULL, "DPDK's %s is installed", name);
	else
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL,
		        "no librte_eal.so.* in /usr/lib: DPDK's version is not known");
}

/* A descriptor of the file that a process runs, -1 unless it is root's or our own, and nobody else's to
 * change: anybody may call a process as a daemon is called, and have root start what is in it. */
static int open_program(const char *path)
{
	int fd = open(path, O_RDONLY); /* to be inherited: it is what is started */
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && (!st.st_uid || st.st_uid == geteuid()) &&
	        !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The line that @program prints to --version. False: it cannot be run. */
static bool run_version(char *program, char *ret_text, size_t size)
{
	char *argv[] = { program, (char *)(uintptr_t) "--version", NULL }, *envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	int pipe_fds[2];
	ssize_t len = 0;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	bool good = !posix_spawn(&pid, program, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	if (good) {
		len = read(pipe_fds[0], ret_text, size - 1);
		waitpid(pid, NULL, 0);
	}
	close(pipe_fds[0]);
	ret_text[len > 0 ? len : 0] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return ret_text[0];
}

/* The version of the very file that runs, be it replaced since. */
static bool ask_version(const char *path, char *ret_text, size_t size)
{
	char program[32];
	int fd = open_program(path);

	if (fd < 0)
		return false;
	snprintf(program, sizeof(program), "/proc/self/fd/%d", fd);
	bool good = run_version(program, ret_text, size);
	close(fd);
	return good;
}

static void check_program(struct doctor *doctor, const struct daemon *daemon, const char *name)
{
	char path[SYSFILE_PATH_BYTES], text[128], ours[128], remedy[DOCTOR_REMEDY_BYTES];

	if (!daemon->pid)
		return;
	snprintf(path, sizeof(path), "%s/proc/%d/exe", doctor->root, (int)daemon->pid);
	snprintf(ours, sizeof(ours), "%s " WIRESPOOL_VERSION, name);
	snprintf(remedy, sizeof(remedy), "start %s anew when it suits", name);
	if (!ask_version(path, text, sizeof(text)))
		doctor_say(doctor, DOCTOR_UNCHECKED, "run this as root", "which %s runs (process %d)", name,
		        (int)daemon->pid);
	else if (strcmp(text, ours) || daemon->is_deleted)
		doctor_say(doctor, DOCTOR_WARNING, remedy, "%s runs (process %d), of before an upgrade", text,
		        (int)daemon->pid);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s runs (process %d)", text, (int)daemon->pid);
}

void doctor_versions(struct doctor *doctor)
{
	doctor_say(doctor, DOCTOR_OK, NULL, "wirespool " WIRESPOOL_VERSION);
	check_kernel(doctor);
	check_dpdk(doctor);
	check_program(doctor, &doctor->dataplane, "wirespool-dataplane");
	check_program(doctor, &doctor->control, "wirespool-control");
}
