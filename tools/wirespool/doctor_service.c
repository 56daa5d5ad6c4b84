/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on the daemons: do they run, does the API answer, what is not ready. */
#include "tools/wirespool/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/msg.h"
#include "tools/wirespool/client.h"
#include "tools/wirespool/show.h"

#define PATIENCE_S 5

void doctor_dataplane(struct doctor *doctor)
{
	const struct daemon *daemon = &doctor->dataplane;
	const char *dir = doctor->conf->dataplane_run_dir;
	char socket_path[128];

	snprintf(socket_path, sizeof(socket_path), "%s/%s", dir, MSG_SOCKET);
	if (!daemon->pid)
		doctor_say(doctor, DOCTOR_WARNING, "start it; its last log line names what it misses",
		        "wirespool-dataplane does not run with this configuration");
	else if (access(socket_path, F_OK))
		doctor_say(doctor, DOCTOR_PROBLEM, "stop and start it; nothing else is to clean up run_dir",
		        "wirespool-dataplane runs (process %d), and its socket %s is not there",
		        (int)daemon->pid, socket_path);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "wirespool-dataplane runs (process %d, user %lld)",
		        (int)daemon->pid, (long long)daemon->uid);
}

/* Ask @path of the API that is meant. False: no memory. */
static bool ask(const struct doctor *doctor, const char *path, struct client_answer *ret_answer)
{
	struct target target;
	struct client *client;

	if (target_make(&target, doctor->args, doctor->conf))
		return false;
	bool good = !client_create(&client, &target);
	if (good) {
		client_set_patience(client, PATIENCE_S);
		client_ask(client, "GET", path, ret_answer);
		client_free(client);
	}
	target_free(&target);
	return good;
}

/* Whether control could listen: 0 or an errno. */
static int try_listen(const struct conf *conf)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	struct conf_addr addr;
	uint16_t port;
	int on = 1;

	if (conf_listen_parse(conf->control_listen, &addr, &port))
		return EINVAL;
	in6.sin6_port = in4.sin_port = htons(port);
	memcpy(&in6.sin6_addr, addr.bytes, 16);
	memcpy(&in4.sin_addr, addr.bytes, 4);
	int fd = socket(addr.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	int error =
	        bind(fd, addr.is_v6 ? (void *)&in6 : (void *)&in4, addr.is_v6 ? sizeof(in6) : sizeof(in4)) ||
	                        listen(fd, 1)
	                ? errno
	                : 0;
	close(fd);
	return error;
}

/* Nothing answered: is that because nothing is there? */
static void judge_silence(struct doctor *doctor, const char *why)
{
	const char *listen_text = doctor->conf->control_listen;
	int error = try_listen(doctor->conf);

	if (!error)
		doctor_say(doctor, DOCTOR_WARNING, "start it; its last log line names what it misses",
		        "wirespool-control does not run; %s is free for it", listen_text);
	else if (error == EADDRINUSE)
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "'ss -ltnp' tells who it is; or another port in control.listen",
		        "%s is taken, and not by a wirespool-control that answers: %s", listen_text, why);
	else if (error == EADDRNOTAVAIL)
		doctor_say(doctor, DOCTOR_PROBLEM, "an address of 'ip addr' in control.listen, or 0.0.0.0",
		        "%s is no address of this machine", listen_text);
	else if (error == EACCES)
		doctor_say(doctor, DOCTOR_UNCHECKED,
		        "a port from 1024 on, or CAP_NET_BIND_SERVICE for control",
		        "wirespool-control does not answer; we may not listen at %s", listen_text);
	else
		doctor_say(doctor, DOCTOR_PROBLEM, "correct control.listen", "%s: %s", listen_text,
		        strerror(error));
}

static void check_tls_file(struct doctor *doctor, const char *key, const char *path)
{
	if (!*path || !access(path, R_OK))
		return;
	if (errno == EACCES)
		doctor_say(doctor, DOCTOR_UNCHECKED, "run this as root", "%s: %s is not for us to read", key,
		        path);
	else
		doctor_say(doctor, DOCTOR_PROBLEM, "correct it, or put the file there", "%s: %s: %s", key,
		        path, strerror(errno));
}

void doctor_control(struct doctor *doctor)
{
	struct client_answer answer;

	check_tls_file(doctor, "control.tls_cert", doctor->conf->control_tls_cert);
	check_tls_file(doctor, "control.tls_key", doctor->conf->control_tls_key);
	if (!ask(doctor, "/healthz", &answer)) {
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "no memory");
		return;
	}
	const char *version = json_string_value(json_object_get(answer.json, "version"));
	if (!answer.status && doctor->args->values[ARGS_URL])
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "see whether it runs there, and listens to more than 127.0.0.1",
		        "no answer from %s: %s", doctor->args->values[ARGS_URL], answer.why);
	else if (!answer.status)
		judge_silence(doctor, answer.why);
	else if (answer.status != 200 || !version)
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "'ss -ltnp' tells who it is; or another port in control.listen",
		        "something answers at %s that is no wirespool-control (%ld to /healthz)",
		        doctor->conf->control_listen, answer.status);
	else if (strcmp(version, WIRESPOOL_VERSION))
		doctor_say(doctor, DOCTOR_WARNING, "start it anew when it suits",
		        "wirespool-control answers, of version %s; this is " WIRESPOOL_VERSION, version);
	else
		doctor_say(doctor, DOCTOR_OK, NULL, "wirespool-control answers, of version %s", version);
	client_answer_clear(&answer);
}

static const char *remedy_of(const char *part)
{
	if (!strcmp(part, "dataplane"))
		return "start wirespool-dataplane; its last log line names what it misses";
	if (!strcmp(part, "disk"))
		return "see the checks of the disk";
	if (!strcmp(part, "store"))
		return "see the check of the store, and 'wirespool upload'";
	return "see the log of wirespool-control";
}

void doctor_ready(struct doctor *doctor)
{
	struct client_answer answer;
	const char *part;
	json_t *check;

	if (!ask(doctor, "/readyz", &answer)) {
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "no memory");
		return;
	}
	json_t *checks = json_object_get(answer.json, "checks");
	if (!json_object_size(checks))
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "wirespool-control does not tell");
	json_object_foreach(checks, part, check)
	{
		if (json_is_true(json_object_get(check, "ok")))
			doctor_say(doctor, DOCTOR_OK, NULL, "%s: ready", part);
		else
			doctor_say(doctor, DOCTOR_PROBLEM, remedy_of(part), "%s: %s", part,
			        show_text(check, "reason"));
	}
	client_answer_clear(&answer);
}
