/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"

int output_enter_netns(const char *name, int *ret_back)
{
	char path[256];
	int to, back, status = 0;

	*ret_back = -1;
	if (!name)
		return 0;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	to = open(path, O_RDONLY | O_CLOEXEC);
	back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (to < 0 || back < 0 || setns(to, CLONE_NEWNET) < 0) {
		status = -errno;
		log_error("network namespace %s: %s", name, strerror(errno));
	}
	if (to >= 0)
		close(to);
	if (!status)
		*ret_back = back;
	else if (back >= 0)
		close(back);
	return status;
}

void output_leave_netns(int back)
{
	if (back < 0)
		return;
	if (setns(back, CLONE_NEWNET) < 0)
		log_error("cannot leave the network namespace: %s", strerror(errno));
	close(back);
}
