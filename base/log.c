#include "log.h"

#include "fault.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOG_TEXT_MAX = 1024, LOG_BUCKETS = 64, LOG_PER_SECOND = 10 };

/* How often one message passed in the second that began at start_ns. */
struct bucket {
    const char *message;
    int64_t start_ns;
    unsigned passed;
    unsigned held;
};

struct log {
    pthread_mutex_t lock;
    struct log_config config;
    atomic_int level;
    struct log_rt *first_rt;
    struct bucket buckets[LOG_BUCKETS];
    char text[LOG_TEXT_MAX];
};

struct record {
    int64_t wall_ns;
    int64_t a;
    int64_t b;
    const char *text;
    enum log_level level;
};

struct log_rt {
    struct log *log;
    struct log_rt *next;
    const char *module;
    atomic_uint written;
    atomic_uint read;
    atomic_uint dropped;
    struct record records[LOG_RT_CAPACITY];
};

enum status log_create(const struct log_config *config, struct log **ret_log,
                       struct error *ret_error)
{
    struct log *log = mem_calloc(1, sizeof(*log));
    if (!log)
        return error_set(ret_error, STATUS_NO_MEMORY, "log: out of memory");
    pthread_mutex_init(&log->lock, NULL);
    log->config = *config;
    if (!log->config.per_second)
        log->config.per_second = LOG_PER_SECOND;
    atomic_init(&log->level, (int)config->level);
    *ret_log = log;
    return STATUS_OK;
}

void log_destroy(struct log *log)
{
    if (!log)
        return;
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_set_level(struct log *log, enum log_level level)
{
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

static bool log_wanted(struct log *log, enum log_level level)
{
    return log && (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

/* The bucket of a message; a colliding newcomer takes the place over. */
static struct bucket *log_bucket(struct log *log, const char *message)
{
    struct bucket *bucket = &log->buckets[((uintptr_t)message >> 3) % LOG_BUCKETS];
    if (bucket->message != message)
        *bucket = (struct bucket){.message = message};
    return bucket;
}

/* False when this message has had its share of the second; *ret_held counts those before it that
 * were held back. */
static bool log_passes(struct log *log, const char *message, unsigned *ret_held)
{
    struct bucket *bucket = log_bucket(log, message);
    int64_t now = clock_now_ns(log->config.clock);
    if (!bucket->passed || now - bucket->start_ns >= CLOCK_NS_PER_S) {
        bucket->start_ns = now;
        bucket->passed = 0;
    }
    if (bucket->passed == log->config.per_second) {
        bucket->held++;
        return false;
    }
    bucket->passed++;
    *ret_held = bucket->held;
    bucket->held = 0;
    return true;
}

/* Called with the lock held and the text in log->text. */
static void log_emit(struct log *log, int64_t wall_ns, enum log_level level, const char *module)
{
    struct log_line line = {
        .wall_ns = wall_ns, .level = level, .module = module, .text = log->text};
    log->config.sink(log->config.context, &line);
}

static void log_tell_held(struct log *log, unsigned held, const char *module)
{
    if (!held)
        return;
    snprintf(log->text, sizeof(log->text), "(%u more like the next line were held back)", held);
    log_emit(log, clock_wall_ns(log->config.clock), LOG_LEVEL_INFO, module);
}

void log_write(struct log *log, enum log_level level, const char *module, const char *format, ...)
{
    if (!log_wanted(log, level))
        return;
    unsigned held;
    pthread_mutex_lock(&log->lock);
    if (log_passes(log, format, &held)) {
        log_tell_held(log, held, module);
        va_list args;
        va_start(args, format);
        vsnprintf(log->text, sizeof(log->text), format, args);
        va_end(args);
        log_emit(log, clock_wall_ns(log->config.clock), level, module);
    }
    pthread_mutex_unlock(&log->lock);
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    return (unsigned)level < sizeof(names) / sizeof(names[0]) ? names[level] : "unknown";
}

void log_sink_stream(void *context, const struct log_line *line)
{
    FILE *stream = context;
    time_t seconds = (time_t)(line->wall_ns / CLOCK_NS_PER_S);
    int ms = (int)(line->wall_ns % CLOCK_NS_PER_S / CLOCK_NS_PER_MS);
    struct tm local;
    localtime_r(&seconds, &local);
    fprintf(stream, "%02d:%02d:%02d.%03d %s %s: %s\n", local.tm_hour, local.tm_min, local.tm_sec,
            ms, log_level_name(line->level), line->module, line->text);
}

enum status log_rt_create(struct log *log, const char *module, struct log_rt **ret_rt,
                          struct error *ret_error)
{
    struct log_rt *rt = mem_calloc(1, sizeof(*rt));
    if (!rt)
        return error_set(ret_error, STATUS_NO_MEMORY, "log: out of memory for %s", module);
    rt->log = log;
    rt->module = module;
    pthread_mutex_lock(&log->lock);
    rt->next = log->first_rt;
    log->first_rt = rt;
    pthread_mutex_unlock(&log->lock);
    *ret_rt = rt;
    return STATUS_OK;
}

void log_rt_post(struct log_rt *rt, enum log_level level, const char *text, int64_t a, int64_t b)
{
    if (!rt || !log_wanted(rt->log, level))
        return;
    unsigned written = atomic_load_explicit(&rt->written, memory_order_relaxed);
    unsigned read = atomic_load_explicit(&rt->read, memory_order_acquire);
    if (written - read == LOG_RT_CAPACITY) {
        atomic_fetch_add_explicit(&rt->dropped, 1, memory_order_relaxed);
        return;
    }
    rt->records[written % LOG_RT_CAPACITY] =
        (struct record){.wall_ns = clock_wall_ns(rt->log->config.clock),
                        .a = a,
                        .b = b,
                        .text = text,
                        .level = level};
    atomic_store_explicit(&rt->written, written + 1, memory_order_release);
}

static void record_emit(struct log_rt *rt, const struct record *record)
{
    struct log *log = rt->log;
    unsigned held;
    if (!log_passes(log, record->text, &held))
        return;
    log_tell_held(log, held, rt->module);
    snprintf(log->text, sizeof(log->text), "%s (%lld, %lld)", record->text, (long long)record->a,
             (long long)record->b);
    log_emit(log, record->wall_ns, record->level, rt->module);
}

/* Called with the lock held. */
static void log_rt_drain(struct log_rt *rt)
{
    unsigned read = atomic_load_explicit(&rt->read, memory_order_relaxed);
    unsigned written = atomic_load_explicit(&rt->written, memory_order_acquire);
    for (; read != written; read++) {
        struct record record = rt->records[read % LOG_RT_CAPACITY];
        atomic_store_explicit(&rt->read, read + 1, memory_order_release);
        record_emit(rt, &record);
    }
    unsigned dropped = atomic_exchange_explicit(&rt->dropped, 0, memory_order_relaxed);
    if (dropped) {
        snprintf(rt->log->text, sizeof(rt->log->text), "%u records found no room", dropped);
        log_emit(rt->log, clock_wall_ns(rt->log->config.clock), LOG_LEVEL_WARN, rt->module);
    }
}

void log_drain(struct log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    for (struct log_rt *rt = log->first_rt; rt; rt = rt->next)
        log_rt_drain(rt);
    pthread_mutex_unlock(&log->lock);
}

void log_rt_destroy(struct log_rt *rt)
{
    if (!rt)
        return;
    struct log *log = rt->log;
    pthread_mutex_lock(&log->lock);
    log_rt_drain(rt);
    for (struct log_rt **link = &log->first_rt; *link; link = &(*link)->next) {
        if (*link == rt) {
            *link = rt->next;
            break;
        }
    }
    pthread_mutex_unlock(&log->lock);
    free(rt);
}
