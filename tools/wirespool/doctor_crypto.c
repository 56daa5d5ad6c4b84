/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on the CPU's instructions: by them SRTP costs next to nothing, or most of the machine. */
#include "tools/wirespool/doctor.h"

#include <stdio.h>
#include <string.h>
#include "tools/wirespool/sysfile.h"

static bool has(const char *flags, const char *flag)
{
	size_t len = strlen(flag);

	for (const char *at = flags; (at = strstr(at, flag)); at += len)
		if ((at == flags || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

/* Those of @wanted that are in @flags, or that are not. */
static void list(char *text, size_t size, const char *flags, const char *const *wanted, bool there)
{
	text[0] = '\0';
	for (; *wanted; wanted++) {
		size_t len = strlen(text);
		if (has(flags, *wanted) == there)
			snprintf(text + len, size - len, "%s%s", len ? " " : "", *wanted);
	}
}

void doctor_crypto(struct doctor *doctor)
{
	/* dataplane/crypto_cpu.h: without the first, OpenSSL does it; the others make it faster. */
	static const char *const needed[] = { "aes", "pclmulqdq", "sse4_2", NULL };
	static const char *const faster[] = { "avx", "avx2", "avx512f", "vaes", "vpclmulqdq", "sha_ni",
		NULL };
	static char cpuinfo[1 << 16];
	char flags[8192] = "", missing[64], more[128];

	sysfile_text(doctor->root, cpuinfo, sizeof(cpuinfo), "/proc/cpuinfo");
	sysfile_field(cpuinfo, "flags", flags, sizeof(flags));
	if (!flags[0]) {
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "/proc/cpuinfo tells no flags");
		return;
	}
	list(missing, sizeof(missing), flags, needed, false);
	list(more, sizeof(more), flags, faster, true);
	if (missing[0])
		doctor_say(doctor, DOCTOR_WARNING,
		        "on a virtual machine, the CPU model of the host ('host-passthrough', '-cpu host'); "
		        "else "
		        "another machine for more than some dozens of calls",
		        "the CPU shows no %s: SRTP goes by OpenSSL, at up to 38 times the cycles", missing);
	else if (!doctor->conf->dataplane_vector_crypto)
		doctor_say(doctor, DOCTOR_WARNING, "vector_crypto = 1 in [dataplane]",
		        "dataplane.vector_crypto is 0: SRTP goes by OpenSSL, at 3 to 5 times the cycles");
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "SRTP goes by the CPU's AES instructions%s%s",
		        more[0] ? ", with " : "", more);
}
