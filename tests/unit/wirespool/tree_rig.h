/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine laid out in a temporary directory, for what reads /proc and /sys. Header only: each test is one
 * source file. */
#ifndef TESTS_UNIT_WIRESPOOL_TREE_RIG_H
#define TESTS_UNIT_WIRESPOOL_TREE_RIG_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

static char tree[] = "/tmp/test_tree.XXXXXX";

/* Make the directories before the last '/' of a path in the tree. */
static inline void tree_make_parents(const char *path)
{
	char part[512];

	for (const char *slash = strchr(path + strlen(tree) + 1, '/'); slash;
	        slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0755);
	}
}

static inline void tree_put(const char *path, const char *text, size_t len)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", tree, path);
	tree_make_parents(full);
	FILE *f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline void tree_text(const char *path, const char *text)
{
	tree_put(path, text, strlen(text));
}

static inline void tree_link(const char *path, const char *target)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", tree, path);
	tree_make_parents(full);
	assert_int_equal(symlink(target, full), 0);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	return remove(path);
}

static inline int tree_set_up(void **state)
{
	strcpy(tree + strlen("/tmp/test_tree."), "XXXXXX");
	return mkdtemp(tree) ? 0 : -1;
}

static inline int tree_tear_down(void **state)
{
	return nftw(tree, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
