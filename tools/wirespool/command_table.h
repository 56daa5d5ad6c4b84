/* SPDX-License-Identifier: BSD-3-Clause */
/* Every subcommand, one row for each of its actions, the one that is meant without a word first:
 *
 *   COMMAND("name", "action", "words", least, most, function, options, sentence)
 *
 * least, most: how many words it takes. Help, the bash completion and the tests are made of these rows. */
#ifndef TOOLS_WIRESPOOL_COMMAND_TABLE_H
#define TOOLS_WIRESPOOL_COMMAND_TABLE_H

#define COMMAND_TABLE(COMMAND) \
	COMMAND("doctor", "", "[CHECK ...]", 0, COMMAND_ANY, doctor_run, ARGS_CALL | ARGS_BIT(JSON) | ARGS_BIT(NO_STORE), \
		"Look at machine, configuration, daemons and store; name what is wrong, and its remedy.") \
	COMMAND("setup", "", "[OPTION ...]", 0, COMMAND_ANY, setup_run, ARGS_FOREIGN, \
		"Set the machine up: huge pages, isolated CPUs, NICs; 'wirespool setup --help' tells how.") \
	COMMAND("check-config", "", "", 0, 0, check_config_run, ARGS_BIT(CONFIG), "Tell whether the configuration is good.") \
	COMMAND("sessions", "list", "", 0, 0, sessions_list, ARGS_CALL | ARGS_BIT(JSON) | ARGS_BIT(ROOM) | ARGS_BIT(LIMIT), \
		"Sessions with live figures, newest first.") \
	COMMAND("sessions", "show", "ID", 1, 1, sessions_show, ARGS_CALL | ARGS_BIT(JSON), "One session, its tracks and recordings.") \
	COMMAND("sessions", "stop", "ID ...", 1, COMMAND_ANY, sessions_stop, ARGS_CALL | ARGS_BIT(JSON), \
		"Stop sessions; their recordings are finished after.") \
	COMMAND("records", "list", "", 0, 0, records_list, \
		ARGS_CALL | ARGS_BIT(JSON) | ARGS_BIT(ROOM) | ARGS_BIT(SINCE) | ARGS_BIT(UNTIL) | ARGS_BIT(LIMIT) | ARGS_BIT(ALL), \
		"Recordings, newest first.") \
	COMMAND("records", "show", "NAME", 1, 1, records_show, ARGS_CALL | ARGS_BIT(JSON), "All that is known of a recording.") \
	COMMAND("records", "get", "NAME", 1, 1, records_get, ARGS_CALL | ARGS_BIT(OUTPUT), \
		"Download a recording and check its hash; goes on with what FILE.partial holds.") \
	COMMAND("records", "verify", "[NAME ...]", 0, COMMAND_ANY, records_verify, ARGS_CALL, \
		"Compare files with the SHA-256 in their sidecars: in record.dir, or else, and with --url, by download.") \
	COMMAND("records", "rm", "NAME ...", 1, COMMAND_ANY, records_rm, ARGS_CALL, "Remove recordings.") \
	COMMAND("upload", "status", "", 0, 0, uploads_status, ARGS_CALL | ARGS_BIT(JSON) | ARGS_BIT(LIMIT), \
		"Uploads that wait, run or fail.") \
	COMMAND("upload", "retry", "NAME ...", 1, COMMAND_ANY, uploads_retry, ARGS_CALL, "Try uploads now.") \
	COMMAND("tail", "", "", 0, 0, tail_run, ARGS_CALL | ARGS_BIT(JSON) | ARGS_BIT(ROOM), \
		"Follow what happens to sessions, recordings and uploads.") \
	COMMAND("replay", "", "FILE", 1, 1, replay_run, \
		ARGS_BIT(CONFIG) | ARGS_BIT(SESSION) | ARGS_BIT(OUTPUT) | ARGS_BIT(IGNORE_CHECKSUMS) | ARGS_BIT(JSON), \
		"Record a capture (pcap, pcapng) as the recorder would have, into a directory; say what became of each packet.") \
	COMMAND("help", "", "[SUBCOMMAND]", 0, 1, command_help, 0, "What there is, or what a subcommand takes.")

#endif
