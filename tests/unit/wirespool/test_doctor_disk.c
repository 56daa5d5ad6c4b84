/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include "tests/unit/wirespool/doctor_rig.h"
#include "tools/wirespool/doctor_disk.h"

static const char mountinfo[] =
        "22 1 253:1 / / rw,relatime - ext4 /dev/vda rw\n"
        "30 22 0:25 / /var rw shared:1 - xfs /dev/sdb1 rw\n"
        "31 30 0:26 / /var/lib/my\\040records rw master:2 shared:3 - nfs4 filer:/x rw\n"
        "32 22 0:27 / /mnt rw - ext4 /dev/sdc rw\n"
        "33 32 0:28 / /mnt rw - tmpfs tmpfs rw\n"
        "nonsense\n";

static void expect_mount(const char *path, const char *wanted_type, const char *wanted_source)
{
	char type[64], source[64];

	assert_true(doctor_disk_mount(mountinfo, path, type, source, sizeof(type)));
	assert_string_equal(type, wanted_type);
	assert_string_equal(source, wanted_source);
}

static void the_deepest_mount_is_the_one(void **state)
{
	char type[64], source[64];

	expect_mount("/", "ext4", "/dev/vda");
	expect_mount("/var", "xfs", "/dev/sdb1");
	expect_mount("/var/lib/records", "xfs", "/dev/sdb1");
	expect_mount("/variable", "ext4", "/dev/vda");
	expect_mount("/var/lib/my records/a", "nfs4", "filer:/x");
	expect_mount("/mnt/x", "tmpfs", "tmpfs");
	assert_false(doctor_disk_mount("", "/", type, source, sizeof(type)));
}

static void put_mountinfo(const char *type)
{
	char text[256];

	snprintf(text, sizeof(text), "22 1 253:1 / / rw - %s /dev/x rw\n", type);
	tree_text("/proc/self/mountinfo", text);
}

static void file_systems_that_are_no_good_for_it(void **state)
{
	static const struct {
		const char *type, *found;
		enum doctor_state state;
	} rows[] = { { "ext4", "is on ext4 (/dev/x)", DOCTOR_OK }, { "tmpfs", "next boot", DOCTOR_WARNING },
		{ "nfs4", "wait for a network", DOCTOR_WARNING },
		{ "fuse.sshfs", "wait for a network", DOCTOR_WARNING },
		{ "overlay", "container's overlay", DOCTOR_WARNING } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_mountinfo(rows[i].type);
		examine(doctor_disk);
		assert_int_equal(doctor.count, 2);
		assert_int_equal(doctor.findings[0].state, rows[i].state);
		assert_non_null(strstr(doctor.findings[0].found, rows[i].found));
		expect_finding(1, DOCTOR_OK, "may write", NULL);
	}
}

static void a_directory_that_is_not_there(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/none", tree);
	doctor_conf.record_dir = path;
	examine(doctor_disk);
	expect_one(DOCTOR_WARNING, "No such file", "mkdir");
	doctor.dataplane.pid = 1;
	examine(doctor_disk);
	expect_one(DOCTOR_PROBLEM, "No such file", "make it anew");
	examine(doctor_disk_speed);
	expect_one(DOCTOR_UNCHECKED, "not there", NULL);
	tree_text("/none", "");
	examine(doctor_disk);
	expect_one(DOCTOR_PROBLEM, "no directory", "record.dir");
}

static void a_user_that_is_not_there(void **state)
{
	doctor_conf.dataplane_user = (char *)"no-such-user";
	put_mountinfo("ext4");
	examine(doctor_disk);
	expect_finding(1, DOCTOR_PROBLEM, "there is no user 'no-such-user'", "useradd --system no-such-user");
}

static void less_room_than_min_free_mb(void **state)
{
	doctor_conf.record_min_free_mb = 0;
	examine(doctor_disk_space);
	assert_int_equal(doctor.findings[0].state, DOCTOR_OK);
	doctor_conf.record_min_free_mb = 1ll << 30;
	examine(doctor_disk_space);
	expect_finding(0, DOCTOR_PROBLEM, "no new session is taken", "retention_days");
}

static void a_probe_leaves_nothing(void **state)
{
	int fd = doctor_disk_probe(tree, 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(rmdir(tree), 0);
	assert_int_equal(doctor_disk_probe(tree, 0), -ENOENT);
	assert_int_equal(mkdir(tree, 0700), 0);
}

static void writes_are_measured(void **state)
{
	doctor_conf.record_flush_interval_ms = 60000;
	doctor_conf.record_io = CONF_IO_BUFFERED;
	examine(doctor_disk_speed);
	assert_int_equal(doctor.count, 1);
	assert_non_null(strstr(doctor.findings[0].found, "of 1 MiB (median)"));
	doctor_conf.record_flush_interval_ms = 0; /* any write is longer */
	examine(doctor_disk_speed);
	expect_one(DOCTOR_PROBLEM, "longer than record.flush_interval_ms", "faster disk");
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(the_deepest_mount_is_the_one),
		DOCTOR_TEST(file_systems_that_are_no_good_for_it), DOCTOR_TEST(a_directory_that_is_not_there),
		DOCTOR_TEST(a_user_that_is_not_there), DOCTOR_TEST(less_room_than_min_free_mb),
		DOCTOR_TEST(a_probe_leaves_nothing), DOCTOR_TEST(writes_are_measured) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
