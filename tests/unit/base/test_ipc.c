/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ipc.h"

/* A pair of connected sockets in a directory of its own. */
struct wire {
	char dir[32], path[64];
	int listener, ours, theirs;
	union msg msg, got;
};

static int set_up(void **state)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	strcpy(wire->dir, "/tmp/test_ipc.XXXXXX");
	assert_non_null(mkdtemp(wire->dir));
	snprintf(wire->path, sizeof(wire->path), "%s/sock", wire->dir);
	wire->listener = ipc_listen(wire->path);
	assert_true(wire->listener >= 0);
	wire->ours = ipc_connect(wire->path);
	assert_true(wire->ours >= 0);
	wire->theirs = ipc_accept(wire->listener);
	assert_true(wire->theirs >= 0);
	*state = wire;
	return 0;
}

static int tear_down(void **state)
{
	struct wire *wire = *state;

	close(wire->listener);
	close(wire->ours);
	close(wire->theirs);
	unlink(wire->path);
	rmdir(wire->dir);
	free(wire);
	return 0;
}

/* Sends wire->msg as it is, not by ipc_send. */
static int exchange_raw(struct wire *wire, size_t len)
{
	assert_int_equal(send(wire->ours, &wire->msg, len, MSG_NOSIGNAL), len);
	return ipc_recv(wire->theirs, &wire->got);
}

static int exchange(struct wire *wire, enum msg_type type)
{
	assert_int_equal(ipc_send(wire->ours, &wire->msg, type, 77), 0);
	return ipc_recv(wire->theirs, &wire->got);
}

static void every_type_arrives_as_it_was_sent(void **state)
{
	struct wire *wire = *state;

	for (enum msg_type type = 0; type < MSG_TYPES; type++) {
		assert_true(ipc_size(type) >= sizeof(struct msg_head));
		assert_true(ipc_size(type) <= sizeof(union msg));
		assert_int_equal(exchange(wire, type), 0);
		assert_int_equal(wire->got.head.type, type);
		assert_int_equal(wire->got.head.size, ipc_size(type));
		assert_int_equal(wire->got.head.id, 77);
		assert_memory_equal(&wire->got, &wire->msg, ipc_size(type));
	}
	assert_int_equal(ipc_recv(wire->theirs, &wire->got), -EAGAIN);
}

static void a_full_session_arrives_whole(void **state)
{
	struct wire *wire = *state;
	struct msg_session_open *open = &wire->msg.SESSION_OPEN_;

	memset(open->id, 'i', LIMIT_SESSION_ID_BYTES);
	memset(open->room, 'r', LIMIT_ROOM_BYTES);
	memset(open->participant, 'p', LIMIT_PARTICIPANT_BYTES);
	open->addr.family = 6;
	open->track_count = LIMIT_TRACKS_PER_SESSION;
	for (int i = 0; i < LIMIT_TRACKS_PER_SESSION; i++) {
		memset(open->tracks[i].id, 't', LIMIT_TRACK_ID_BYTES);
		memset(open->tracks[i].promised, 'n', LIMIT_FILE_NAME_BYTES);
		open->tracks[i].codec = CODECS - 1;
		open->tracks[i].profile = PROFILES - 1;
		open->tracks[i].payload_type = 127;
	}
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), 0);
	assert_memory_equal(&wire->got, &wire->msg, sizeof(*open));
}

static void check_unterminated(struct wire *wire, enum msg_type type, char *field, size_t size)
{
	memset(&wire->msg, 0, sizeof(wire->msg));
	memset(field, 'x', size - 1);
	assert_int_equal(exchange(wire, type), 0);
	field[size - 1] = 'x';
	assert_int_equal(exchange(wire, type), -EPROTO);
	/* Nothing of it is left behind. */
	assert_int_equal(wire->got.head.size, 0);
}

#define CHECK_UNTERMINATED(wire, type, member)                                                               \
	check_unterminated(wire, MSG_##type, (wire)->msg.type##_.member, sizeof((wire)->msg.type##_.member))

static void every_string_must_end(void **state)
{
	struct wire *wire = *state;

	CHECK_UNTERMINATED(wire, SESSION_OPEN, id);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, room);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, participant);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, tracks[0].id);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, tracks[15].promised);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, tracks[7].mid);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, tracks[15].rid);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, ice.ufrag);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, ice.pwd);
	CHECK_UNTERMINATED(wire, SESSION_OPEN, ice.remote_ufrag);
	CHECK_UNTERMINATED(wire, SESSION_KEYS, id);
	CHECK_UNTERMINATED(wire, SESSION_ICE, id);
	CHECK_UNTERMINATED(wire, SESSION_ICE, ice.ufrag);
	CHECK_UNTERMINATED(wire, SESSION_ICE, ice.pwd);
	CHECK_UNTERMINATED(wire, SESSION_ICE, ice.remote_ufrag);
	CHECK_UNTERMINATED(wire, DTLS_OUT, id);
	CHECK_UNTERMINATED(wire, DTLS_IN, id);
	CHECK_UNTERMINATED(wire, SESSION_CLOSE, id);
	CHECK_UNTERMINATED(wire, SESSION_CLOSE, reason);
	CHECK_UNTERMINATED(wire, KEY_FRAME, id);
	CHECK_UNTERMINATED(wire, KEY_FRAME, track_id);
	CHECK_UNTERMINATED(wire, ACK, why);
	CHECK_UNTERMINATED(wire, SESSION_STATE, reason);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.id);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.room);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.participant);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.ice.ufrag);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.ice.pwd);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.ice.remote_ufrag);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.tracks[3].id);
	CHECK_UNTERMINATED(wire, SESSION_STATE, open.tracks[3].promised);
	CHECK_UNTERMINATED(wire, FILE_STATE, session);
	CHECK_UNTERMINATED(wire, FILE_STATE, track);
	CHECK_UNTERMINATED(wire, FILE_STATE, name);
	CHECK_UNTERMINATED(wire, FILE_STATE, reason);
}

static void numbers_out_of_range_are_refused(void **state)
{
	struct wire *wire = *state;
	struct msg_session_open *open = &wire->msg.SESSION_OPEN_;
	struct msg_session_open *told = &wire->msg.SESSION_STATE_.open;

	open->track_count = LIMIT_TRACKS_PER_SESSION + 1;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);
	open->track_count = 2;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), 0);
	open->tracks[1].codec = CODECS;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);
	open->tracks[1].codec = 0;
	open->tracks[1].profile = PROFILES;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);
	open->tracks[1].profile = 0;
	open->tracks[1].payload_type = 128;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);
	open->track_count = 1; /* the second track is not used any more */
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), 0);
	open->addr.family = 5;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);
	open->addr.family = 0;
	open->transport = MSG_TRANSPORT_WEBRTC + 1;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);
	open->transport = MSG_TRANSPORT_WEBRTC;
	open->tracks[0].parameter_set_bytes = LIMIT_PARAMETER_SET_BYTES;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), 0);
	open->tracks[0].parameter_set_bytes++;
	assert_int_equal(exchange(wire, MSG_SESSION_OPEN), -EPROTO);

	memset(&wire->msg, 0, sizeof(wire->msg));
	wire->msg.SESSION_KEYS_.profile = PROFILES - 1;
	assert_int_equal(exchange(wire, MSG_SESSION_KEYS), 0);
	wire->msg.SESSION_KEYS_.profile++;
	assert_int_equal(exchange(wire, MSG_SESSION_KEYS), -EPROTO);
	memset(&wire->msg, 0, sizeof(wire->msg));
	wire->msg.DTLS_OUT_.len = LIMIT_PACKET_BYTES;
	assert_int_equal(exchange(wire, MSG_DTLS_OUT), 0);
	assert_int_equal(exchange(wire, MSG_DTLS_IN), 0);
	wire->msg.DTLS_OUT_.len++;
	assert_int_equal(exchange(wire, MSG_DTLS_OUT), -EPROTO);
	assert_int_equal(exchange(wire, MSG_DTLS_IN), -EPROTO);

	memset(&wire->msg, 0, sizeof(wire->msg));
	told->track_count = LIMIT_TRACKS_PER_SESSION + 1;
	assert_int_equal(exchange(wire, MSG_SESSION_STATE), -EPROTO);
	told->track_count = 0;
	wire->msg.SESSION_STATE_.state = MSG_SESSION_FAILED;
	assert_int_equal(exchange(wire, MSG_SESSION_STATE), 0);
	wire->msg.SESSION_STATE_.state++;
	assert_int_equal(exchange(wire, MSG_SESSION_STATE), -EPROTO);

	memset(&wire->msg, 0, sizeof(wire->msg));
	wire->msg.FILE_STATE_.state = MSG_FILE_DISCARDED;
	assert_int_equal(exchange(wire, MSG_FILE_STATE), 0);
	wire->msg.FILE_STATE_.state++;
	assert_int_equal(exchange(wire, MSG_FILE_STATE), -EPROTO);
}

static void sizes_must_be_those_of_the_type(void **state)
{
	struct wire *wire = *state;
	struct msg_head *head = &wire->msg.head;
	char longer[sizeof(union msg) + 1] = { 0 };

	*head = (struct msg_head){ .type = MSG_HELLO, .size = sizeof(struct msg_hello) };
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello)), 0);
	assert_int_equal(exchange_raw(wire, 1), -EPROTO);
	assert_int_equal(exchange_raw(wire, sizeof(*head) - 1), -EPROTO);
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello) - 1), -EPROTO);
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello) + 1), -EPROTO);
	head->size = sizeof(struct msg_hello) + 4; /* the datagram agrees, the type does not */
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello) + 4), -EPROTO);
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello)), -EPROTO);
	head->size = sizeof(struct msg_hello);
	head->type = MSG_TYPES;
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello)), -EPROTO);
	head->type = UINT32_MAX;
	assert_int_equal(exchange_raw(wire, sizeof(struct msg_hello)), -EPROTO);

	/* Longer than any message: what was cut off is noticed. */
	*(struct msg_head *)longer =
	        (struct msg_head){ .type = MSG_SESSION_STATE, .size = sizeof(union msg) };
	assert_int_equal(send(wire->ours, longer, sizeof(longer), 0), sizeof(longer));
	assert_int_equal(ipc_recv(wire->theirs, &wire->got), -EPROTO);
	/* The next one is read from its beginning. */
	assert_int_equal(exchange(wire, MSG_LIST), 0);
}

static void a_closed_peer_is_a_broken_pipe(void **state)
{
	struct wire *wire = *state;

	assert_int_equal(ipc_send(wire->ours, &wire->msg, MSG_LIST, 1), 0);
	close(wire->ours);
	/* What was sent before still arrives. */
	assert_int_equal(ipc_recv(wire->theirs, &wire->got), 0);
	assert_int_equal(ipc_recv(wire->theirs, &wire->got), -EPIPE);
	assert_int_equal(ipc_send(wire->theirs, &wire->msg, MSG_LIST, 1), -EPIPE);
	wire->ours = ipc_connect(wire->path);
	assert_true(wire->ours >= 0);
}

static void a_peer_that_closes_with_unread_messages_is_one_too(void **state)
{
	struct wire *wire = *state;

	assert_int_equal(ipc_send(wire->theirs, &wire->msg, MSG_LIST, 1), 0);
	close(wire->ours);
	assert_int_equal(ipc_recv(wire->theirs, &wire->got), -EPIPE);
	wire->ours = ipc_connect(wire->path);
	assert_true(wire->ours >= 0);
}

static void a_peer_that_does_not_read_means_try_later(void **state)
{
	struct wire *wire = *state;
	int sent = 0, error;

	while ((error = ipc_send(wire->ours, &wire->msg, MSG_SESSION_STATE, 1)) == 0 && sent < 100000)
		sent++;
	assert_int_equal(error, -EAGAIN);
	assert_true(sent > 0);
	for (int i = 0; i < sent; i++)
		assert_int_equal(ipc_recv(wire->theirs, &wire->got), 0);
	assert_int_equal(ipc_recv(wire->theirs, &wire->got), -EAGAIN);
}

static void descriptors_do_not_block_nor_survive_exec(void **state)
{
	struct wire *wire = *state;
	int fds[] = { wire->listener, wire->ours, wire->theirs };

	for (int i = 0; i < 3; i++) {
		assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(ipc_accept(wire->listener), -EAGAIN);
}

static void a_stale_socket_is_replaced_and_its_mode_is_0660(void **state)
{
	struct wire *wire = *state;
	struct stat st;
	int again = ipc_listen(wire->path), fd;

	assert_true(again >= 0);
	assert_int_equal(stat(wire->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	fd = ipc_connect(wire->path);
	assert_true(fd >= 0);
	assert_int_equal(ipc_accept(wire->listener), -EAGAIN);
	close(fd);
	close(again);
	assert_int_equal(ipc_connect(wire->path), -ECONNREFUSED);
}

static void paths_that_cannot_be_are_told(void **state)
{
	struct wire *wire = *state;
	char path[256];

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ipc_listen(path), -ENAMETOOLONG);
	assert_int_equal(ipc_connect(path), -ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/none/sock", wire->dir);
	assert_int_equal(ipc_listen(path), -ENOENT);
	assert_int_equal(ipc_connect(path), -ENOENT);
	/* A file that is no socket is not ours to replace. */
	snprintf(path, sizeof(path), "%s/file", wire->dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(ipc_listen(path), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
#define WITH_WIRE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		WITH_WIRE(every_type_arrives_as_it_was_sent),
		WITH_WIRE(a_full_session_arrives_whole),
		WITH_WIRE(every_string_must_end),
		WITH_WIRE(numbers_out_of_range_are_refused),
		WITH_WIRE(sizes_must_be_those_of_the_type),
		WITH_WIRE(a_closed_peer_is_a_broken_pipe),
		WITH_WIRE(a_peer_that_closes_with_unread_messages_is_one_too),
		WITH_WIRE(a_peer_that_does_not_read_means_try_later),
		WITH_WIRE(descriptors_do_not_block_nor_survive_exec),
		WITH_WIRE(a_stale_socket_is_replaced_and_its_mode_is_0660),
		WITH_WIRE(paths_that_cannot_be_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
