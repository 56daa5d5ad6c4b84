/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"

/* mkdir -p; what is there already keeps its owner. */
static int make_dir(const char *path, mode_t mode, const struct passwd *owner)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (!len || len >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i])
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (!mkdir(part, path[i] ? 0755 : mode)) {
			if (owner && !path[i] && chown(part, owner->pw_uid, owner->pw_gid))
				return -errno;
		} else if (errno != EEXIST) {
			return -errno;
		}
	}
	return 0;
}

static int check_writable(const char *key, const char *path)
{
	char probe[PATH_MAX];

	if (snprintf(probe, sizeof(probe), "%s/.probe-XXXXXX", path) >= (int)sizeof(probe))
		return -ENAMETOOLONG;
	int fd = mkstemp(probe);
	if (fd < 0) {
		int status = -errno;
		log_error("%s: %s cannot be written: %s; choose another directory or change its owner", key,
		        path, strerror(errno));
		return status;
	}
	unlink(probe);
	close(fd);
	return 0;
}

/* Held to the end of the process: the parts and the socket of a dataplane that runs are not to be touched by
 * another. A file system that cannot lock goes without. */
static int lock_dir(const char *key, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	int status = errno == EWOULDBLOCK ? -EBUSY : 0;
	close(fd);
	if (status)
		log_error("%s: %s is in the hands of another wirespool-dataplane that runs already; nothing "
		          "is started",
		        key, path);
	return status;
}

int privilege_make_dirs(const struct conf *conf)
{
	const struct passwd *owner = conf->dataplane_user[0] ? getpwnam(conf->dataplane_user) : NULL;
	const struct {
		const char *key, *path;
		mode_t mode;
	} dirs[] = { { "record.dir", conf->record_dir, 0750 },
		{ "dataplane.run_dir", conf->dataplane_run_dir, 0755 } };

	for (unsigned i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int status = make_dir(dirs[i].path, dirs[i].mode, owner);
		if (status)
			log_error("%s: %s cannot be made: %s", dirs[i].key, dirs[i].path, strerror(-status));
		else
			status = check_writable(dirs[i].key, dirs[i].path);
		if (!status)
			status = lock_dir(dirs[i].key, dirs[i].path);
		if (status)
			return status;
	}
	return 0;
}

void privilege_raise_limits(void)
{
	const int limits[] = { RLIMIT_MEMLOCK, RLIMIT_NOFILE };
	const rlim_t wanted[] = { RLIM_INFINITY, 1 << 20 };

	for (unsigned i = 0; i < 2; i++) {
		struct rlimit limit = { wanted[i], wanted[i] };
		if (!setrlimit((__rlimit_resource_t)limits[i], &limit) ||
		        getrlimit((__rlimit_resource_t)limits[i], &limit))
			continue;
		limit.rlim_cur = limit.rlim_max; /* as far as we may without root */
		setrlimit((__rlimit_resource_t)limits[i], &limit);
	}
}

int privilege_drop(const struct conf *conf)
{
	const char *name = conf->dataplane_user;

	if (!*name)
		return 0;
	errno = 0;
	const struct passwd *user = getpwnam(name);
	if (!user) {
		log_error(
		        "dataplane.user: there is no user '%s'; 'useradd --system %s' makes one", name, name);
		return errno ? -errno : -ENOENT;
	}
	if (getuid() == user->pw_uid && geteuid() == user->pw_uid)
		return 0; /* as systemd started us */
	if (geteuid()) {
		log_error("dataplane.user: only root can become '%s'; start it as root or as that user, or "
		          "leave "
		          "the key empty",
		        name);
		return -EPERM;
	}
	if (initgroups(name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid)) {
		int status = -errno;
		log_error("dataplane.user: cannot become '%s': %s", name, strerror(errno));
		return status;
	}
	return 0;
}
