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
#include "tests/unit/wirespool/doctor_rig.h"

static void cpus_that_are_not_there(void **state)
{
	lcore_words[0] = (char *)"1-3";
	tree_text("/sys/devices/system/cpu/online", "0-1\n");
	examine(doctor_cpus);
	expect_one(
	        DOCTOR_PROBLEM, "CPUs 2,3 of dataplane.lcores are not there; this machine has 2", "lcores");
}

static void isolated_ones_are_well(void **state)
{
	tree_text("/sys/devices/system/cpu/online", "0-1\n");
	tree_text("/sys/devices/system/cpu/isolated", "1\n");
	examine(doctor_cpus);
	expect_one(DOCTOR_OK, "isolated", NULL);
}

static void others_are_named_with_what_isolates_them(void **state)
{
	lcore_words[0] = (char *)"1-3";
	tree_text("/sys/devices/system/cpu/online", "0-7\n");
	tree_text("/sys/devices/system/cpu/isolated", "2\n");
	examine(doctor_cpus);
	expect_one(DOCTOR_WARNING, "CPUs 1,3 are not isolated", "isolcpus=1,3 nohz_full=1,3");
	tree_text("/sys/devices/system/cpu/isolated", "\n");
	examine(doctor_cpus);
	expect_one(DOCTOR_WARNING, "CPUs 1,2,3 are not isolated", "isolcpus=1,2,3");
}

static void poll_loops_on_all_cpus_leave_none(void **state)
{
	lcore_words[0] = (char *)"0";
	lcore_words[1] = (char *)"1";
	tree_text("/sys/devices/system/cpu/online", "0-1\n");
	tree_text("/sys/devices/system/cpu/isolated", "0-1\n");
	examine(doctor_cpus);
	expect_finding(0, DOCTOR_WARNING, "2 poll loops on 2 CPUs", "fewer");
}

static void threads_of_one_core(void **state)
{
	lcore_words[0] = (char *)"2-3";
	tree_text("/sys/devices/system/cpu/online", "0-7\n");
	tree_text("/sys/devices/system/cpu/isolated", "2-3\n");
	tree_text("/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2-3\n");
	tree_text("/sys/devices/system/cpu/cpu3/topology/thread_siblings_list", "2-3\n");
	examine(doctor_cpus);
	assert_int_equal(doctor.count, 2);
	expect_finding(1, DOCTOR_WARNING, "CPUs 2 and 3 are threads of one core", "lscpu");
}

static void without_sys_nothing_is_claimed(void **state)
{
	examine(doctor_cpus);
	expect_one(DOCTOR_UNCHECKED, "cannot be read", NULL);
	examine(doctor_cpu_clock);
	expect_one(DOCTOR_UNCHECKED, "flags", NULL);
}

static void a_counter_that_may_be_relied_on(void **state)
{
	tree_text("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu constant_tsc nonstop_tsc\n");
	tree_text("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	examine(doctor_cpu_clock);
	expect_one(DOCTOR_OK, "the kernel's clock is tsc", NULL);
	tree_text("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
	examine(doctor_cpu_clock);
	expect_one(DOCTOR_WARNING, "uses hpet", "dmesg");
	tree_text("/proc/cpuinfo", "flags\t\t: fpu constant_tsc\n");
	examine(doctor_cpu_clock);
	expect_one(DOCTOR_WARNING, "not invariant", "invariant TSC");
}

static void governors_of_the_poll_loops_cpus(void **state)
{
	tree_text("/proc/cpuinfo", "flags\t\t: constant_tsc nonstop_tsc\n");
	tree_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
	tree_text("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
	examine(doctor_cpu_clock);
	assert_int_equal(doctor.count, 1);
	tree_text("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "schedutil\n");
	examine(doctor_cpu_clock);
	assert_int_equal(doctor.count, 2);
	expect_finding(1, DOCTOR_WARNING, "CPU 1 is governed by 'schedutil'", "performance");
}

int main(void)
{
	const struct CMUnitTest tests[] = { DOCTOR_TEST(cpus_that_are_not_there),
		DOCTOR_TEST(isolated_ones_are_well), DOCTOR_TEST(others_are_named_with_what_isolates_them),
		DOCTOR_TEST(poll_loops_on_all_cpus_leave_none), DOCTOR_TEST(threads_of_one_core),
		DOCTOR_TEST(without_sys_nothing_is_claimed), DOCTOR_TEST(a_counter_that_may_be_relied_on),
		DOCTOR_TEST(governors_of_the_poll_loops_cpus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
