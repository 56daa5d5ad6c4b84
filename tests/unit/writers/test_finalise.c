/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/writers/house.h"

#include "writers/finalise.h"

#define NAME "demo_video0_1710000000.ivf"

static int make(const struct house *house, const char *name, const char *text)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", house->dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void head_is_patched_and_padding_cut(void **state)
{
	struct house house;
	char *text = NULL;
	int fd;

	house_prepare(&house);
	fd = make(&house, "file", "headmedia000");
	assert_int_equal(finalise_media(fd, "HEAD", 4, 9), 0);
	assert_int_equal(house_read(&house, "file", &text), 9);
	assert_string_equal(text, "HEADmedia");
	assert_int_equal(finalise_media(fd, "", 0, 4), 0);
	assert_int_equal(finalise_media(fd, "HEAD", 4, 3), -EINVAL);
	close(fd);
	assert_int_equal(finalise_media(fd, "HEAD", 4, 9), -EBADF);
	free(text);
	house_remove_all(house.dir);
}

static void digest_is_of_the_files_bytes(void **state)
{
	/* FIPS 180-2 appendix B.1 */
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
	uint8_t digest[SHA256_BYTES];
	struct house house;
	int fd;

	house_prepare(&house);
	fd = make(&house, "file", "abcd");
	assert_int_equal(finalise_digest(fd, 3, digest), 0);
	assert_memory_equal(digest, abc, sizeof(abc));
	assert_int_equal(finalise_digest(fd, 5, digest), -EIO);
	close(fd);
	assert_int_equal(finalise_digest(fd, 3, digest), -EBADF);
	house_remove_all(house.dir);
}

static void part_becomes_the_recording(void **state)
{
	struct house house;
	int dir_fd;

	house_prepare(&house);
	dir_fd = finalise_open_dir(house.dir);
	close(make(&house, "." NAME ".part", "media"));
	close(make(&house, "." NAME ".journal", "M {}\n"));
	assert_int_equal(finalise_publish(dir_fd, NAME), 0);
	assert_int_equal(house_read(&house, NAME, NULL), 5);
	assert_int_equal(house_entries(&house), 1);
	close(dir_fd);
	house_remove_all(house.dir);
}

static void nothing_is_replaced(void **state)
{
	struct house house;
	int dir_fd;

	house_prepare(&house);
	dir_fd = finalise_open_dir(house.dir);
	close(make(&house, "." NAME ".part", "media"));
	close(make(&house, "." NAME ".journal", "M {}\n"));
	close(make(&house, NAME, "other media"));
	assert_int_equal(finalise_publish(dir_fd, NAME), -EEXIST);
	assert_int_equal(house_read(&house, NAME, NULL), 11);
	assert_int_equal(house_entries(&house), 3);
	assert_int_equal(finalise_publish(dir_fd, "none.ivf"), -ENOENT);
	close(dir_fd);
	assert_int_equal(finalise_publish(dir_fd, NAME), -EBADF);
	house_remove_all(house.dir);
}

static void directory_has_to_be_one(void **state)
{
	assert_int_equal(finalise_open_dir("/nonexistent"), -ENOENT);
	assert_int_equal(finalise_open_dir("/dev/null"), -ENOTDIR);
}

static void full_device_is_an_error(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	if (fd < 0)
		skip();
	assert_int_equal(finalise_pwrite(fd, "x", 1, 0), -ENOSPC);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_is_patched_and_padding_cut),
		cmocka_unit_test(digest_is_of_the_files_bytes),
		cmocka_unit_test(part_becomes_the_recording),
		cmocka_unit_test(nothing_is_replaced),
		cmocka_unit_test(directory_has_to_be_one),
		cmocka_unit_test(full_device_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
