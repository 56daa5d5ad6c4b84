/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows of a run and the agenda that drives them. */
#ifndef TOOLS_GEN_GEN_FLOWS_H
#define TOOLS_GEN_GEN_FLOWS_H

#include <stdio.h>
#include "tools/gen/gen.h"

/* Make gen->flows anew, one a track of the roster, that send by @output as @options say, which are kept; what
 * was made before is forgotten. Each time they send the same. 0 or -errno, logged. */
int gen_flows_make(struct gen *gen, struct output *output, const struct options *options, FILE *frames_file);
/* Free @count flows. NULL is nothing. */
void gen_flows_free(struct flow *flows, unsigned count);

/* When the next step is due; FLOW_NEVER: all have ended. */
static inline uint64_t gen_flows_due(const struct gen *gen)
{
	return gen->agenda.count ? gen->agenda.entries[0].due : FLOW_NEVER;
}

/* Do what is due first; *ret_flow: whose it was, NULL: not asked. 0 or -errno. */
int gen_flows_step(struct gen *gen, unsigned *ret_flow);
/* End each with the frame that is under way, at @now_ns at the earliest. */
void gen_flows_stop(struct gen *gen, uint64_t now_ns);
/* Those that are to send from now on do it by gen->output, in the time that began at gen->start_wall_ns. */
void gen_flows_go_live(struct gen *gen);

#endif
