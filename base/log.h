/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines on standard error: one line each, text or JSON, for journald or a terminal.
 *
 * Any thread but the poll loops: a line is formatted on the stack and written with one write(2). A line says
 * what failed, which id, why, and what happens next. Keys, secrets and tokens never go in.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Set name of the process ("wirespool-dataplane"), level and format. Before threads start; defaults: info,
 * text. */
void log_setup(const char *process, enum log_level level, enum log_format format);

/* Write a line of @level; control characters in it are escaped, it is cut at 2 KiB. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a line is about, as fields of their own in a JSON line, beside its message, which says them in its own
 * words. NULL or empty: it is about none. */
struct log_ids {
	const char *session, *room, *track, *record;
};

/* log_with(LOG_LEVEL_INFO, LOG_IDS(.session = id), "session %s: opened", id) */
#define LOG_IDS(...) (&(const struct log_ids){ __VA_ARGS__ })
void log_with(enum log_level level, const struct log_ids *ids, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
