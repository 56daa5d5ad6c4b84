/* SPDX-License-Identifier: BSD-3-Clause */
/* A doctor who looks at the machine of tree_rig.h. */
#ifndef TESTS_UNIT_WIRESPOOL_DOCTOR_RIG_H
#define TESTS_UNIT_WIRESPOOL_DOCTOR_RIG_H

#include "tests/unit/wirespool/tree_rig.h"
#include "tools/wirespool/doctor.h"

static struct args doctor_args;
static struct conf doctor_conf;
static struct doctor doctor;
static char *port_words[3], *lcore_words[3];

static inline int doctor_set_up(void **state)
{
	doctor_args = (struct args){ 0 };
	doctor_conf = (struct conf){ .dataplane_memory_mb = 512,
		.dataplane_block_mb = 256,
		.dataplane_max_tracks = 1000,
		.dataplane_port = port_words,
		.dataplane_lcores = lcore_words,
		.dataplane_user = (char *)"",
		.record_dir = tree };
	memset(port_words, 0, sizeof(port_words));
	memset(lcore_words, 0, sizeof(lcore_words));
	port_words[0] = (char *)"0000:3b:00.0";
	lcore_words[0] = (char *)"1";
	doctor = (struct doctor){ .root = tree, .args = &doctor_args, .conf = &doctor_conf, .check = "c" };
	return tree_set_up(state);
}

static inline int doctor_tear_down(void **state)
{
	doctor_clear(&doctor);
	return tree_tear_down(state);
}

/* Run a check; its findings alone are there after. */
static inline void examine(doctor_fn *check)
{
	doctor_clear(&doctor);
	check(&doctor);
}

/* The @index-th finding has this state and these words; a remedy that names @remedy, NULL: none. */
static inline void expect_finding(
        unsigned index, enum doctor_state state, const char *found, const char *remedy)
{
	assert_true(index < doctor.count);
	const struct doctor_finding *f = &doctor.findings[index];
	if (f->state != state || !strstr(f->found, found))
		fail_msg("'%s' (%d), expected '%s' (%d)", f->found, f->state, found, state);
	if (!remedy)
		assert_null(f->remedy);
	else if (!f->remedy || !strstr(f->remedy, remedy))
		fail_msg("remedy '%s', expected '%s'", f->remedy ? f->remedy : "", remedy);
}

static inline void expect_one(enum doctor_state state, const char *found, const char *remedy)
{
	assert_int_equal(doctor.count, 1);
	expect_finding(0, state, found, remedy);
}

#define DOCTOR_TEST(name) cmocka_unit_test_setup_teardown(name, doctor_set_up, doctor_tear_down)

#endif
