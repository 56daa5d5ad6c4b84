/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on record.dir: is it there, on what, who may write, how much room. */
#include "tools/wirespool/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tools/wirespool/doctor_disk.h"
#include "tools/wirespool/figure.h"
#include "tools/wirespool/sysfile.h"

#define FEW_FILES 10000 /* inodes */

int doctor_disk_probe(const char *dir, int flags)
{
	char path[PATH_MAX];
	int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC | flags, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	/* A file system that has no files without a name. */
	if (snprintf(path, sizeof(path), "%s/.wirespool-doctor-XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

/* Spaces and the like are "\040" in mountinfo. */
static void unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		unsigned value;
		if (*from == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
			*to++ = (char)value;
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static bool is_below(const char *path, const char *mount)
{
	size_t len = strlen(mount);

	return !strcmp(mount, "/") || (!strncmp(path, mount, len) && (path[len] == '/' || !path[len]));
}

bool doctor_disk_mount(const char *mountinfo, const char *path, char *ret_type, char *ret_source, size_t size)
{
	size_t longest = 0;
	bool found = false;

	for (const char *line = mountinfo; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char mount[PATH_MAX], type[64], source[256];
		const char *rest = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %*s %4095s", mount) != 1 || !rest ||
		        rest > line + strcspn(line, "\n") || sscanf(rest, " - %63s %255s", type, source) != 2)
			continue;
		unescape(mount);
		if (!is_below(path, mount) || strlen(mount) < longest)
			continue;
		longest = strlen(mount); /* of two at one place the later one is seen */
		snprintf(ret_type, size, "%s", type);
		snprintf(ret_source, size, "%s", source);
		found = true;
	}
	return found;
}

static bool is_one_of(const char *type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(type, types[i], strlen(types[i])))
			return true;
	return false;
}

static void check_file_system(struct doctor *doctor)
{
	static const char *const memory[] = { "tmpfs", "ramfs" };
	static const char *const remote[] = { "nfs", "cifs", "smb", "fuse", "9p", "ceph", "glusterfs",
		"virtiofs" };
	static char mountinfo[1 << 18];
	const char *dir = doctor->conf->record_dir;
	char path[PATH_MAX], type[256], source[256];

	if (!realpath(dir, path) ||
	        !sysfile_text(doctor->root, mountinfo, sizeof(mountinfo), "/proc/self/mountinfo") ||
	        !doctor_disk_mount(mountinfo, path, type, source, sizeof(type)))
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL,
		        "%s: its file system is not to be found in /proc/self/mountinfo", dir);
	else if (is_one_of(type, memory, 2))
		doctor_say(doctor, DOCTOR_WARNING, "record.dir on a disk",
		        "%s is %s: recordings are gone with the next boot", dir, type);
	else if (is_one_of(type, remote, 8))
		doctor_say(doctor, DOCTOR_WARNING, "record.dir on a local disk, and uploads from there",
		        "%s is %s (%s): a write may wait for a network", dir, type, source);
	else if (!strcmp(type, "overlay"))
		doctor_say(doctor, DOCTOR_WARNING, "a volume for record.dir",
		        "%s is a container's overlay: recordings are gone with it", dir);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s is on %s (%s)", dir, type, source);
}

/* Whether @user may make a file in @dir; 0 or an errno. Root asks as that user, in a process of its own. */
static int try_as(const struct passwd *user, const char *dir)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (!child) {
		if (user->pw_uid != geteuid() && (initgroups(user->pw_name, user->pw_gid) ||
		                                         setgid(user->pw_gid) || setuid(user->pw_uid)))
			_exit(errno);
		int fd = doctor_disk_probe(dir, 0);
		_exit(fd < 0 ? -fd : 0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static void check_writable(struct doctor *doctor, const struct passwd *user, const char *who)
{
	const char *dir = doctor->conf->record_dir;
	char remedy[DOCTOR_REMEDY_BYTES];

	if (geteuid() && user->pw_uid != geteuid()) {
		doctor_say(doctor, DOCTOR_UNCHECKED, "run this as root", "whether %s (%s) may write to %s",
		        user->pw_name, who, dir);
		return;
	}
	int error = try_as(user, dir);
	if (error == EROFS)
		snprintf(remedy, sizeof(remedy),
		        "mount it for writing, and look into dmesg for why it is not");
	else
		snprintf(remedy, sizeof(remedy), "chown %s '%.300s', and let it through to there",
		        user->pw_name, dir);
	if (error)
		doctor_say(doctor, DOCTOR_PROBLEM, error == ENOSPC ? "make room" : remedy,
		        "%s (%s) cannot write to %s: %s", user->pw_name, who, dir, strerror(error));
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s (%s) may write to %s", user->pw_name, who, dir);
}

/* Who the daemons are, or will be; those that are the same user once. */
static void check_users(struct doctor *doctor)
{
	const char *name = doctor->conf->dataplane_user;
	char remedy[DOCTOR_REMEDY_BYTES];
	uid_t dataplane = geteuid();
	const struct passwd *user;

	if (*name && !getpwnam(name)) {
		snprintf(remedy, sizeof(remedy), "useradd --system %s", name);
		doctor_say(doctor, DOCTOR_PROBLEM, remedy, "dataplane.user: there is no user '%s'", name);
		return;
	}
	if (doctor->dataplane.pid && doctor->dataplane.uid >= 0)
		user = getpwuid((uid_t)doctor->dataplane.uid);
	else
		user = *name ? getpwnam(name) : getpwuid(dataplane);
	if (user) {
		dataplane = user->pw_uid;
		check_writable(
		        doctor, user, *name || doctor->dataplane.pid ? "the dataplane" : "who runs this");
	}
	if (!doctor->control.pid || doctor->control.uid < 0 || (uid_t)doctor->control.uid == dataplane)
		return;
	user = getpwuid((uid_t)doctor->control.uid);
	if (user)
		check_writable(doctor, user, "control");
}

void doctor_disk(struct doctor *doctor)
{
	const char *dir = doctor->conf->record_dir;
	struct stat st;

	if (stat(dir, &st)) {
		bool starts = errno == ENOENT && !doctor->dataplane.pid;
		doctor_say(doctor, starts ? DOCTOR_WARNING : DOCTOR_PROBLEM,
		        starts ? "mkdir -p it, or let a dataplane that root starts make it"
		               : "make it anew, or correct record.dir",
		        "record.dir %s: %s", dir, strerror(errno));
	} else if (!S_ISDIR(st.st_mode)) {
		doctor_say(
		        doctor, DOCTOR_PROBLEM, "correct record.dir", "record.dir %s is no directory", dir);
	} else {
		check_file_system(doctor);
		check_users(doctor);
	}
}

static void check_files(struct doctor *doctor, const struct statvfs *fs)
{
	if (!fs->f_files || fs->f_favail >= FEW_FILES) /* 0: file systems that have no such bound */
		return;
	doctor_say(doctor, fs->f_favail < 10 ? DOCTOR_PROBLEM : DOCTOR_WARNING,
	        "remove files, or make the file system anew with more inodes",
	        "%s has room for %llu more files", doctor->conf->record_dir,
	        (unsigned long long)fs->f_favail);
}

void doctor_disk_space(struct doctor *doctor)
{
	const char *dir = doctor->conf->record_dir;
	uint64_t wanted = (uint64_t)doctor->conf->record_min_free_mb << 20;
	char free_text[FIGURE_BYTES], all_text[FIGURE_BYTES];
	struct statvfs fs;

	if (statvfs(dir, &fs)) {
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "%s: %s", dir, strerror(errno));
		return;
	}
	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	figure_size(free_text, room);
	figure_size(all_text, (uint64_t)fs.f_blocks * fs.f_frsize);
	if (room < wanted || !room)
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "remove recordings ('wirespool records rm'), or set retention_days, retention_max_gb "
		        "or retention_min_free_mb",
		        "%s: %s of %s free, record.min_free_mb is %lld: no new session is taken", dir,
		        free_text, all_text, (long long)doctor->conf->record_min_free_mb);
	else if (room < 2 * wanted)
		doctor_say(doctor, DOCTOR_WARNING,
		        "remove recordings, or set retention_days, retention_max_gb or retention_min_free_mb",
		        "%s: %s of %s free, at %lld MiB (record.min_free_mb) no new session is taken", dir,
		        free_text, all_text, (long long)doctor->conf->record_min_free_mb);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "%s: %s of %s free", dir, free_text, all_text);
	check_files(doctor, &fs);
}
