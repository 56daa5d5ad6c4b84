/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on the wall clock. */
#include "tools/wirespool/doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/timex.h>
#include "tools/wirespool/figure.h"

void doctor_clock(struct doctor *doctor)
{
	struct timex timex = { .modes = 0 };
	char text[FIGURE_BYTES];
	int state = adjtimex(&timex);

	if (state < 0)
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "adjtimex: %s", strerror(errno));
	else if (state == TIME_ERROR || timex.status & STA_UNSYNC)
		doctor_say(doctor, DOCTOR_WARNING, "apt install chrony, or 'timedatectl set-ntp true'",
		        "the clock is not synchronised: times in names and sidecars may be wrong, and a "
		        "store refuses "
		        "requests that are 15 minutes off");
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "the clock is synchronised, at most %s off",
		        figure_latency(text, (uint64_t)timex.maxerror * 1000));
}
