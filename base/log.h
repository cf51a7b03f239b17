/* Log: lines with a level and a module, handed to a sink that the owner chose.
 *
 * There is no global logger: whoever may log is handed one, and NULL means silence. Each message
 * (by its format) passes at most `per_second` times a second; what was held back is counted and
 * told with the next line that passes.
 *
 *     LOG_WARN(log, "audio", "%s: reopened after %d tries", name, tries);
 *
 * Real-time threads own a log_rt each: posting writes a fixed-size record to a lock-free ring, and
 * log_drain, called by a thread that may wait, turns the records into lines.
 *
 * Thread: any but audio-rt, except log_rt_post (audio-rt, one thread for one log_rt). */
#ifndef LINNET_BASE_LOG_H
#define LINNET_BASE_LOG_H

#include "clock.h"
#include "status.h"

#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

struct log_line {
    int64_t wall_ns;
    enum log_level level;
    const char *module;
    const char *text;
};

/* Receives each line, one at a time; the line is valid during the call. Must not log. */
typedef void log_sink_fn(void *context, const struct log_line *line);

struct log_config {
    log_sink_fn *sink;
    void *context;
    enum log_level level;
    /* Lines of one message that pass in a second; 0 means 10. */
    unsigned per_second;
    /* Must outlive the log. */
    const struct clock *clock;
};

struct log;

enum status log_create(const struct log_config *config, struct log **ret_log,
                       struct error *ret_error);

/* Accepts NULL. All log_rt of it must be gone. */
void log_destroy(struct log *log);

/* Lines above this level are dropped from now on. */
void log_set_level(struct log *log, enum log_level level);

/* One line; accepts a NULL log. `module` and `format` are literals: they are kept by address. */
void log_write(struct log *log, enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define LOG_ERROR(log, module, ...) log_write(log, LOG_LEVEL_ERROR, module, __VA_ARGS__)
#define LOG_WARN(log, module, ...) log_write(log, LOG_LEVEL_WARN, module, __VA_ARGS__)
#define LOG_INFO(log, module, ...) log_write(log, LOG_LEVEL_INFO, module, __VA_ARGS__)
#define LOG_DEBUG(log, module, ...) log_write(log, LOG_LEVEL_DEBUG, module, __VA_ARGS__)

/* A sink that writes "12:34:56.789 warn audio: text" to the FILE given as context. */
void log_sink_stream(void *context, const struct log_line *line);

/* "error", "warn", "info", "debug". */
const char *log_level_name(enum log_level level);

/* The real-time side: a ring of records that belongs to one real-time thread. */
struct log_rt;

enum { LOG_RT_CAPACITY = 256 };

enum status log_rt_create(struct log *log, const char *module, struct log_rt **ret_rt,
                          struct error *ret_error);

/* Drains and detaches; accepts NULL. The real-time thread must have ended. */
void log_rt_destroy(struct log_rt *rt);

/* Record a literal text and two numbers; accepts NULL. A full ring drops the record and counts it.
 */
void log_rt_post(struct log_rt *rt, enum log_level level, const char *text, int64_t a, int64_t b);

/* Turn all records of all log_rt of this log into lines "text (a, b)". */
void log_drain(struct log *log);

#endif
