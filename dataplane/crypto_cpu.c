/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/crypto_cpu.h"

#include <assert.h>
#include <stddef.h>

static bool wanted = true;

void crypto_cpu_choose(bool vector)
{
	wanted = vector;
}

bool crypto_cpu_vector(void)
{
	return wanted && __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
	       __builtin_cpu_supports("sse4.2");
}

static IMB_MGR *started(IMB_MGR *mgr)
{
	if (imb_get_errno(mgr) == 0)
		return mgr;
	free_mb_mgr(mgr);
	return NULL;
}

IMB_MGR *crypto_cpu_wide(void)
{
	IMB_MGR *mgr = alloc_mb_mgr(0);
	IMB_ARCH arch;

	assert(crypto_cpu_vector());
	if (!mgr)
		return NULL;
	init_mb_mgr_auto(mgr, &arch);
	return started(mgr);
}

IMB_MGR *crypto_cpu_narrow(void)
{
	IMB_MGR *mgr = alloc_mb_mgr(0);

	assert(crypto_cpu_vector());
	if (!mgr)
		return NULL;
	if (!(mgr->features & IMB_FEATURE_SHANI) || !(mgr->features & IMB_FEATURE_AVX)) {
		free_mb_mgr(mgr);
		return NULL;
	}
	init_mb_mgr_sse(mgr);
	return started(mgr);
}
