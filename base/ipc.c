/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/ipc.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/* A string of fixed room within a message or a track. */
struct text {
	size_t offset, size;
};

#define TEXT(type, field)                                                                                    \
	{                                                                                                    \
		offsetof(struct type, field), sizeof(((struct type *)0)->field)                              \
	}
#define TEXTS_OF(type, list) [MSG_##type] = { list, sizeof(list) / sizeof(list[0]) }

static const struct text open_texts[] = {
	TEXT(msg_session_open, id),
	TEXT(msg_session_open, room),
	TEXT(msg_session_open, participant),
	TEXT(msg_session_open, ice.ufrag),
	TEXT(msg_session_open, ice.pwd),
	TEXT(msg_session_open, ice.remote_ufrag),
};
static const struct text track_texts[] = {
	TEXT(msg_track, id),
	TEXT(msg_track, promised),
	TEXT(msg_track, mid),
	TEXT(msg_track, rid),
};
static const struct text close_texts[] = { TEXT(msg_session_close, id), TEXT(msg_session_close, reason) };
static const struct text keys_texts[] = { TEXT(msg_session_keys, id) };
static const struct text ice_texts[] = {
	TEXT(msg_session_ice, id),
	TEXT(msg_session_ice, ice.ufrag),
	TEXT(msg_session_ice, ice.pwd),
	TEXT(msg_session_ice, ice.remote_ufrag),
};
static const struct text datagram_texts[] = { TEXT(msg_datagram, id) };
static const struct text key_frame_texts[] = { TEXT(msg_key_frame, id), TEXT(msg_key_frame, track_id) };
static const struct text ack_texts[] = { TEXT(msg_ack, why) };
static const struct text session_texts[] = {
	TEXT(msg_session_state, reason),
	TEXT(msg_session_state, open.id),
	TEXT(msg_session_state, open.room),
	TEXT(msg_session_state, open.participant),
	TEXT(msg_session_state, open.ice.ufrag),
	TEXT(msg_session_state, open.ice.pwd),
	TEXT(msg_session_state, open.ice.remote_ufrag),
};
static const struct text file_texts[] = {
	TEXT(msg_file_state, session),
	TEXT(msg_file_state, track),
	TEXT(msg_file_state, name),
	TEXT(msg_file_state, reason),
};

static const struct {
	const struct text *list;
	size_t count;
} texts[MSG_TYPES] = {
	TEXTS_OF(SESSION_OPEN, open_texts),
	TEXTS_OF(SESSION_CLOSE, close_texts),
	TEXTS_OF(SESSION_KEYS, keys_texts),
	TEXTS_OF(SESSION_ICE, ice_texts),
	TEXTS_OF(DTLS_OUT, datagram_texts),
	TEXTS_OF(DTLS_IN, datagram_texts),
	TEXTS_OF(KEY_FRAME, key_frame_texts),
	TEXTS_OF(ACK, ack_texts),
	TEXTS_OF(SESSION_STATE, session_texts),
	TEXTS_OF(FILE_STATE, file_texts),
};

/* A socket and the address of @path; descriptor or -errno. */
static int make_socket(const char *path, struct sockaddr_un *ret_addr)
{
	size_t len = strlen(path);
	int fd;

	*ret_addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len >= sizeof(ret_addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(ret_addr->sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
}

int ipc_listen(const char *path)
{
	struct sockaddr_un addr;
	struct stat st;
	int fd = make_socket(path, &addr), error;

	if (fd < 0)
		return fd;
	/* Only what an earlier run left is replaced: anything else makes bind fail. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	/* Nobody can connect before listen, so the mode is right in time. */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || chmod(path, 0660) < 0 ||
	        listen(fd, BACKLOG) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

int ipc_accept(int listen_fd)
{
	int fd;

	do
		fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int ipc_connect(const char *path)
{
	struct sockaddr_un addr;
	int fd = make_socket(path, &addr), error;

	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

size_t ipc_size(enum msg_type type)
{
#define SIZE_ROW(id, type) sizeof(struct type),
	static const size_t sizes[] = { MSG_TABLE(SIZE_ROW) };
#undef SIZE_ROW
	return sizes[type];
}

int ipc_send(int fd, union msg *msg, enum msg_type type, uint64_t id)
{
	ssize_t n;

	msg->head = (struct msg_head){ .type = type, .size = (uint32_t)ipc_size(type), .id = id };
	do
		n = send(fd, msg, msg->head.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return 0;
}

static bool texts_end(const void *base, const struct text *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!memchr((const char *)base + list[i].offset, '\0', list[i].size))
			return false;
	return true;
}

/* The strings of all tracks, the enums and numbers of those that are used. */
static bool open_sound(const struct msg_session_open *open)
{
	uint8_t family = open->addr.family;

	if (open->track_count > LIMIT_TRACKS_PER_SESSION || open->transport > MSG_TRANSPORT_WEBRTC ||
	        (family != 0 && family != 4 && family != 6))
		return false;
	for (unsigned i = 0; i < LIMIT_TRACKS_PER_SESSION; i++)
		if (!texts_end(&open->tracks[i], track_texts, sizeof(track_texts) / sizeof(track_texts[0])))
			return false;
	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *track = &open->tracks[i];
		if (track->codec >= CODECS || track->profile >= PROFILES || track->payload_type > 127 ||
		        track->parameter_set_bytes > sizeof(track->parameter_sets))
			return false;
	}
	return true;
}

/* Whether the @len bytes received are one whole, sound message. */
static bool sound(const union msg *msg, size_t len)
{
	uint32_t type = msg->head.type;

	if (len < sizeof(msg->head) || type >= MSG_TYPES || msg->head.size != len || len != ipc_size(type) ||
	        !texts_end(msg, texts[type].list, texts[type].count))
		return false;
	switch (type) {
	case MSG_SESSION_OPEN:
		return open_sound(&msg->SESSION_OPEN_);
	case MSG_SESSION_STATE:
		return msg->SESSION_STATE_.state <= MSG_SESSION_FAILED &&
		       open_sound(&msg->SESSION_STATE_.open);
	case MSG_SESSION_KEYS:
		return msg->SESSION_KEYS_.profile < PROFILES;
	case MSG_DTLS_IN:
	case MSG_DTLS_OUT:
		return msg->DTLS_IN_.len <= sizeof(msg->DTLS_IN_.bytes);
	case MSG_FILE_STATE:
		return msg->FILE_STATE_.state <= MSG_FILE_DISCARDED;
	default:
		return true;
	}
}

int ipc_recv(int fd, union msg *ret_msg)
{
	ssize_t n;

	/* With MSG_TRUNC the result is the length that was sent, be it longer than the buffer. */
	do
		n = recv(fd, ret_msg, sizeof(*ret_msg), MSG_DONTWAIT | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	if (!sound(ret_msg, (size_t)n)) {
		explicit_bzero(ret_msg, sizeof(*ret_msg));
		return -EPROTO;
	}
	return 0;
}
