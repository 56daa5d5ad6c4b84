/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <event2/event.h>
#include "base/balance.h"
#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "control/control.h"
#include "control/dataplane.h"
#include "control/events.h"
#include "uploader/uploader.h"

#define LOOK_US       100000
#define OBJECTS_LOOKS 100           /* between two looks at uploads, of which there may be many */
#define OBJECTS       BALANCE_KINDS /* the kind of their account, which is in bytes */
#define ROWS          64            /* that are told at a time */
#define NAME_SIZE     (16 + STAT_LABEL_BYTES)

struct account {
	struct balance_row row;
	char name[NAME_SIZE];
};

struct audit {
	const struct control *control;
	struct event *timer;
	struct balance *balance; /* the loop's */
	uint64_t now_ns;
	pthread_mutex_t lock; /* of what follows */
	unsigned accounts, lcores, count;
	struct account open[ROWS];
	unsigned looks; /* the loop's */
	bool objects_known;
	struct uploader_account objects; /* at the last look; the loop's, and under the lock for others */
};

static bool same(const struct account *a, const struct account *b)
{
	return a->row.kind == b->row.kind && a->row.instance == b->row.instance;
}

static bool is_among(const struct account *account, const struct account *list, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (same(account, &list[i]))
			return true;
	return false;
}

/* "lcore 0", "track demo/alice/video0 (12)" */
static void name_account(struct account *account, const struct stat_segment *stat)
{
	const char *kind = balance_kind_name(account->row.kind), *label;

	switch (account->row.kind) {
	case BALANCE_LCORE:
		snprintf(account->name, NAME_SIZE, "%s %u", kind, account->row.instance);
		break;
	case BALANCE_TRACK:
	case BALANCE_FILES:
		label = stat_label(stat, STAT_SCOPE_TRACK, account->row.instance);
		snprintf(account->name, NAME_SIZE, "%s %s (%u)", kind, label, account->row.instance);
		break;
	default:
		snprintf(account->name, NAME_SIZE, "%s", kind);
	}
}

static void raise_alarm(struct audit *audit, const struct account *account)
{
	const int64_t pkts = account->row.unaccounted_pkts; /* bytes, of objects */
	const bool objects = account->row.kind == OBJECTS;
	char reason[256];

	if (objects)
		snprintf(reason, sizeof(reason),
		        "%" PRId64
		        " bytes of finished recordings are neither in the store, nor waiting, given up or "
		        "deleted",
		        pkts);
	else if (account->row.kind == BALANCE_FILES)
		snprintf(reason, sizeof(reason),
		        "%" PRId64 " packets were recorded that are in none of its files", pkts);
	else if (pkts > 0)
		snprintf(reason, sizeof(reason),
		        "%" PRId64 " packets came in that are neither recorded nor counted under a reason",
		        pkts);
	else
		snprintf(reason, sizeof(reason), "%" PRId64 " packets more are accounted for than came in",
		        -pkts);
	log_error(
	        "ledger: %s does not balance: %s. That is a defect of wirespool: please report it, with what "
	        "GET /api/v1/stats says",
	        account->name, reason);
	events_emit(audit->control->events,
	        &(struct event){ .type = EVENTS_alarm_raised,
	                .reason = reason,
	                .more = json_pack("{s:s, s:s, s:I}", "alarm", "ledger", "account", account->name,
	                        objects ? "bytes" : "packets", (json_int_t)pkts) });
}

static void clear_alarm(struct audit *audit, const struct account *account)
{
	log_info("ledger: %s balances again", account->name);
	events_emit(audit->control->events,
	        &(struct event){ .type = EVENTS_alarm_cleared,
	                .more = json_pack("{s:s, s:s}", "alarm", "ledger", "account", account->name) });
}

/* What was found becomes what is told. */
static void tell(struct audit *audit, const struct account *now, unsigned count, unsigned lcores)
{
	for (unsigned i = 0; i < count; i++)
		if (!is_among(&now[i], audit->open, audit->count))
			raise_alarm(audit, &now[i]);
	for (unsigned i = 0; i < audit->count; i++)
		if (!is_among(&audit->open[i], now, count))
			clear_alarm(audit, &audit->open[i]);
	pthread_mutex_lock(&audit->lock);
	memcpy(audit->open, now, count * sizeof(*now));
	audit->count = count;
	audit->accounts = balance_accounts(audit->balance) + audit->objects_known;
	audit->lcores = lcores;
	pthread_mutex_unlock(&audit->lock);
}

static void look_at_objects(struct audit *audit)
{
	struct uploader_account objects;

	if (!audit->control->uploader || audit->looks++ % OBJECTS_LOOKS)
		return;
	uploader_account(audit->control->uploader, &objects);
	pthread_mutex_lock(&audit->lock);
	audit->objects = objects;
	audit->objects_known = true;
	pthread_mutex_unlock(&audit->lock);
}

/* Of objects, into @now. How many there are then. */
static unsigned add_objects(const struct audit *audit, struct account *now, unsigned count)
{
	int64_t bytes = uploader_unaccounted(&audit->objects);

	if (!bytes || count == ROWS)
		return count;
	now[count] = (struct account){ .row = { OBJECTS, 0, bytes }, .name = "objects" };
	return count + 1;
}

static void look(void *arg, const struct stat_segment *stat)
{
	struct audit *audit = arg;
	struct balance_row rows[ROWS];
	struct account now[ROWS];
	unsigned count;

	balance_look(audit->balance, stat, audit->now_ns);
	count = balance_rows(audit->balance, rows, ROWS);
	if (count > ROWS)
		count = ROWS;
	for (unsigned i = 0; i < count; i++) {
		now[i].row = rows[i];
		name_account(&now[i], stat);
	}
	look_at_objects(audit);
	count = add_objects(audit, now, count);
	tell(audit, now, count, stat_instances(stat, STAT_SCOPE_LCORE));
}

void audit_look(struct audit *audit, uint64_t now_ns)
{
	audit->now_ns = now_ns;
	if (dataplane_is_up(audit->control->dataplane))
		dataplane_with_stats(audit->control->dataplane, look, audit);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	audit_look(arg, clk_mono_ns());
}

int audit_create(struct audit **ret_audit, const struct control *control, struct event_base *loop)
{
	const struct timeval every = { .tv_usec = LOOK_US };
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		return -ENOMEM;
	audit->control = control;
	pthread_mutex_init(&audit->lock, NULL);
	audit->timer = event_new(loop, -1, EV_PERSIST, on_timer, audit);
	if (balance_create(&audit->balance) || !audit->timer || event_add(audit->timer, &every)) {
		audit_free(audit);
		return -ENOMEM;
	}
	*ret_audit = audit;
	return 0;
}

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	if (audit->timer)
		event_free(audit->timer);
	balance_free(audit->balance);
	pthread_mutex_destroy(&audit->lock);
	free(audit);
}

/* Of all open accounts of a kind and, of lcores, an instance. Locked. */
static int64_t sum(const struct audit *audit, enum balance_kind kind, unsigned instance)
{
	int64_t pkts = 0;

	for (unsigned i = 0; i < audit->count; i++) {
		const struct balance_row *row = &audit->open[i].row;
		if (row->kind == kind && (kind != BALANCE_LCORE || row->instance == instance))
			pkts += row->unaccounted_pkts;
	}
	return pkts;
}

#define NAME "wirespool_unaccounted_packets"

static void print_objects(const struct uploader_account *a, FILE *out)
{
	const struct {
		const char *where;
		uint64_t bytes;
	} rows[] = { { "offered", a->offered }, { "objects", a->objects }, { "pending", a->pending },
		{ "failed", a->failed }, { "forgotten", a->forgotten } };

	fprintf(out,
	        "# HELP wirespool_unaccounted_bytes Bytes of finished recordings that are neither in the "
	        "store, nor "
	        "waiting, given up or deleted.\n# TYPE wirespool_unaccounted_bytes gauge\n"
	        "wirespool_unaccounted_bytes{account=\"objects\"} %" PRId64 "\n",
	        uploader_unaccounted(a));
	fputs("# HELP wirespool_uploads_account_bytes Bytes of recordings that were to be uploaded since "
	      "control "
	      "began: offered, and where they are.\n# TYPE wirespool_uploads_account_bytes gauge\n",
	        out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fprintf(out, "wirespool_uploads_account_bytes{where=\"%s\"} %" PRIu64 "\n", rows[i].where,
		        rows[i].bytes);
}

static json_t *objects_json(const struct uploader_account *a)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "offered", (json_int_t)a->offered, "objects",
	        (json_int_t)a->objects, "pending", (json_int_t)a->pending, "failed", (json_int_t)a->failed,
	        "forgotten", (json_int_t)a->forgotten);
}

void audit_print(struct audit *audit, FILE *out)
{
	pthread_mutex_lock(&audit->lock);
	fputs("# HELP " NAME " Packets that came in and are neither recorded nor counted under a reason; "
	      "less than 0: the other "
	      "way round.\n# TYPE " NAME " gauge\n",
	        out);
	fprintf(out, NAME "{account=\"ports\"} %" PRId64 "\n", sum(audit, BALANCE_PORTS, 0));
	for (unsigned i = 0; i < audit->lcores; i++)
		fprintf(out, NAME "{account=\"lcore %u\"} %" PRId64 "\n", i, sum(audit, BALANCE_LCORE, i));
	fprintf(out, NAME "{account=\"rings\"} %" PRId64 "\n", sum(audit, BALANCE_RINGS, 0));
	fprintf(out, NAME "{account=\"tracks\"} %" PRId64 "\n", sum(audit, BALANCE_TRACK, 0));
	fprintf(out, NAME "{account=\"files\"} %" PRId64 "\n", sum(audit, BALANCE_FILES, 0));
	if (audit->objects_known)
		print_objects(&audit->objects, out);
	pthread_mutex_unlock(&audit->lock);
}

json_t *audit_json(struct audit *audit)
{
	json_t *list = json_array();

	pthread_mutex_lock(&audit->lock);
	for (unsigned i = 0; i < audit->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}", "account", audit->open[i].name,
		                                    audit->open[i].row.kind == OBJECTS ? "bytes" : "packets",
		                                    (json_int_t)audit->open[i].row.unaccounted_pkts));
	json_t *json = json_pack("{s:I, s:o}", "accounts", (json_int_t)audit->accounts, "unaccounted", list);
	if (audit->objects_known)
		json_object_set_new(json, "objects", objects_json(&audit->objects));
	pthread_mutex_unlock(&audit->lock);
	return json;
}
