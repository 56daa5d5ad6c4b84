/* SPDX-License-Identifier: BSD-3-Clause */
/* Every option, one row each: ARG(ID, "name", letter or 0, "VALUE" or NULL, sentence). Which of them a subcommand
 * takes stands in its own row (tools/wirespool/command_table.h). */
#ifndef TOOLS_WIRESPOOL_ARGS_TABLE_H
#define TOOLS_WIRESPOOL_ARGS_TABLE_H

#define ARGS_TABLE(ARG) \
	ARG(CONFIG, "config", 0, "FILE", "the configuration; else /etc/wirespool/wirespool.ini, if it is there") \
	ARG(URL, "url", 0, "URL", "where wirespool-control answers; else as control.listen says") \
	ARG(TOKEN, "token", 0, "TOKEN", "bearer token; else the first of WIRESPOOL_API_TOKENS or control.api_tokens") \
	ARG(CA_FILE, "ca-file", 0, "FILE", "PEM file that the certificate at --url is checked by; else the system's") \
	ARG(JSON, "json", 0, NULL, "JSON instead of text") \
	ARG(ROOM, "room", 0, "ROOM", "only of this room") \
	ARG(SINCE, "since", 0, "TIME", "only what was finished at this time or later, e.g. 2026-01-02T03:04:05Z") \
	ARG(UNTIL, "until", 0, "TIME", "only what was finished before this time") \
	ARG(LIMIT, "limit", 0, "N", "no more than so many") \
	ARG(ALL, "all", 0, NULL, "what is still being recorded, too") \
	ARG(OUTPUT, "output", 'o', "FILE", "where to: a file, or the directory of a replay; else named after the recording or capture, in this directory") \
	ARG(SESSION, "session", 0, "FILE", "the streams of a replay: JSON as POST /api/v1/sessions takes it, with port, or an array of such") \
	ARG(IGNORE_CHECKSUMS, "ignore-checksums", 0, NULL, "take UDP and IP checksums as right: for captures made where packets were sent") \
	ARG(NO_STORE, "no-store", 0, NULL, "leave the object store alone")

#endif
