#include "device_impl.h"

#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RATE_MIN = 8000,
    RATE_MAX = 192000,
    PERIOD_MAX_MS = 100,
    LATENCY_MAX_MS = 2000,
    SLEEP_AFTER_S = 2,
};

static const struct audio_backend *const backends[] = {
    &audio_backend_pulse,
    &audio_backend_alsa,
    &audio_backend_file,
    &audio_backend_null,
};
enum { BACKENDS = sizeof(backends) / sizeof(backends[0]) };

struct audio_device_config audio_device_config_default(enum audio_direction direction,
                                                       struct clock *clock)
{
    bool capture = direction == AUDIO_CAPTURE;
    uint32_t rate = capture ? 16000 : 24000;
    return (struct audio_device_config){
        .direction = direction,
        .backend = "auto",
        .stream_name = capture ? "Linnet listens" : "Linnet speaks",
        .rate = rate,
        .period_frames = capture ? rate / 50 : rate / 100,
        .latency_frames = rate / 25,
        .clock = clock,
    };
}

static enum status check_config(const struct audio_device_config *c, struct error *ret_error)
{
    bool shape = c->rate >= RATE_MIN && c->rate <= RATE_MAX && c->period_frames >= 1 &&
                 c->period_frames <= c->rate / 1000 * PERIOD_MAX_MS &&
                 c->latency_frames <= c->rate / 1000 * LATENCY_MAX_MS;
    bool ends = c->direction == AUDIO_CAPTURE ? c->ring != NULL : c->playout != NULL;
    if (!shape)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "sound device: %u Hz, period %u, latency %u samples: expected %d to %d "
                         "Hz, a period of at "
                         "most %d ms, a latency of at most %d ms",
                         c->rate, c->period_frames, c->latency_frames, RATE_MIN, RATE_MAX,
                         PERIOD_MAX_MS, LATENCY_MAX_MS);
    if (!ends || !c->clock || !c->backend)
        return error_set(
            ret_error, STATUS_INVALID_ARGUMENT,
            "sound device: expected a backend, a clock and a ring (capture) or playout (playback)");
    return STATUS_OK;
}

static void copy_text(char *to, size_t size, const char *from, const char **ret_field)
{
    *ret_field = from ? to : NULL;
    snprintf(to, size, "%s", from ? from : "");
}

static struct audio_device *new_device(const struct audio_device_config *config,
                                       const struct audio_backend *backend)
{
    struct audio_device *d = mem_calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->backend = backend;
    d->config = *config;
    d->config.backend = backend->name;
    copy_text(d->target, sizeof(d->target), config->target, &d->config.target);
    copy_text(d->stream_name, sizeof(d->stream_name),
              config->stream_name ? config->stream_name : "Linnet", &d->config.stream_name);
    return d;
}

static enum status create_with(const struct audio_device_config *config,
                               const struct audio_backend *backend,
                               struct audio_device **ret_device, struct error *ret_error)
{
    if (config->clock->is_virtual && !backend->pump)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "%s: runs in real time only, the clock is virtual", backend->name);
    struct audio_device *d = new_device(config, backend);
    if (!d)
        return error_set(ret_error, STATUS_NO_MEMORY, "%s: no memory for a sound device",
                         backend->name);
    enum status status = backend->open(d, ret_error);
    if (status != STATUS_OK) {
        free(d);
        return status;
    }
    if (d->config.playout)
        playout_set_waker(d->config.playout, backend->wake, d);
    *ret_device = d;
    return STATUS_OK;
}

static enum status create_auto(const struct audio_device_config *config,
                               struct audio_device **ret_device, struct error *ret_error)
{
    struct error pulse = {0}, alsa = {0};
    if (create_with(config, &audio_backend_pulse, ret_device, &pulse) == STATUS_OK)
        return STATUS_OK;
    enum status status = create_with(config, &audio_backend_alsa, ret_device, &alsa);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(ret_error, status,
                     "no %s found: %.170s; %.170s. Start a sound server, name a device (linnet "
                     "doctor lists them), or "
                     "use the file device",
                     config->direction == AUDIO_CAPTURE ? "microphone" : "loudspeaker", pulse.text,
                     alsa.text);
}

static const struct audio_backend *find_backend(const char *name)
{
    for (int i = 0; i < BACKENDS; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

static enum status unknown_backend(const char *name, struct error *ret_error)
{
    return error_set(
        ret_error, STATUS_INVALID_ARGUMENT,
        "sound device: unknown kind \"%.40s\", expected auto, pulse, alsa, file or null", name);
}

enum status audio_device_create(const struct audio_device_config *config,
                                struct audio_device **ret_device, struct error *ret_error)
{
    TRY(check_config(config, ret_error));
    if (strcmp(config->backend, "auto") == 0)
        return create_auto(config, ret_device, ret_error);
    const struct audio_backend *backend = find_backend(config->backend);
    if (!backend)
        return unknown_backend(config->backend, ret_error);
    return create_with(config, backend, ret_device, ret_error);
}

void audio_device_destroy(struct audio_device *d)
{
    if (!d)
        return;
    if (d->started && !d->stopped)
        (void)audio_device_stop(d, NULL);
    if (d->config.playout)
        playout_set_waker(d->config.playout, NULL, NULL);
    d->backend->close(d);
    free(d);
}

enum status audio_device_start(struct audio_device *d, struct error *ret_error)
{
    if (d->started)
        return error_set(ret_error, STATUS_BUSY, "%s: already started", d->description);
    TRY(d->backend->start(d, ret_error));
    d->started = true;
    return STATUS_OK;
}

enum status audio_device_stop(struct audio_device *d, struct error *ret_error)
{
    if (!d->started || d->stopped)
        return STATUS_OK;
    atomic_store(&d->stopping, true);
    d->stopped = true;
    enum status status = d->backend->stop(d, ret_error);
    audio_impl_awake(d);
    return status;
}

enum status audio_device_pump(struct audio_device *d, struct error *ret_error)
{
    bool moves = d->config.clock->is_virtual && d->backend->pump && d->started && !d->stopped;
    return moves ? d->backend->pump(d, ret_error) : STATUS_OK;
}

void audio_device_flush(struct audio_device *d)
{
    if (d->config.playout)
        playout_cut(d->config.playout);
}

void audio_device_wake(struct audio_device *d)
{
    if (d->config.playout)
        playout_wake(d->config.playout);
}

uint64_t audio_device_heard(const struct audio_device *d)
{
    return d->config.playout ? playout_heard(d->config.playout, atomic_load(&d->delay)) : 0;
}

bool audio_device_is_drained(const struct audio_device *d)
{
    return !d->config.playout || (playout_is_idle(d->config.playout) &&
                                  audio_device_heard(d) >= playout_rendered(d->config.playout));
}

enum status audio_device_drain(struct audio_device *d, int64_t timeout_ns, struct error *ret_error)
{
    struct clock *clock = d->config.clock;
    if (clock->is_virtual)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT, "%s: a virtual clock does not wait",
                         d->description);
    int64_t end_ns = clock_now_ns(clock) + timeout_ns;
    while (!audio_device_is_drained(d)) {
        int64_t now_ns = clock_now_ns(clock);
        if (now_ns >= end_ns)
            return error_set(ret_error, STATUS_TIMEOUT, "%s: not played to its end within %lld ms",
                             d->description, (long long)(timeout_ns / CLOCK_NS_PER_MS));
        clock_sleep_until(clock, now_ns + 5 * CLOCK_NS_PER_MS);
    }
    return STATUS_OK;
}

bool audio_device_position(const struct audio_device *d, struct audio_position *ret_position)
{
    unsigned before, after;
    struct audio_position p;
    do {
        before = atomic_load(&d->sequence);
        p.frames = atomic_load(&d->position_frames);
        p.time_ns = atomic_load(&d->position_time_ns);
        after = atomic_load(&d->sequence);
    } while (before != after || (before & 1));
    if (before == 0)
        return false;
    *ret_position = p;
    return true;
}

bool audio_device_poll(struct audio_device *d, struct audio_event *ret_event)
{
    struct audio_event_queue *q = &d->events;
    unsigned read = atomic_load_explicit(&q->read, memory_order_relaxed);
    if (read == atomic_load_explicit(&q->written, memory_order_acquire))
        return false;
    *ret_event = q->slots[read % AUDIO_EVENTS];
    atomic_store_explicit(&q->read, read + 1, memory_order_release);
    return true;
}

void audio_device_counters(const struct audio_device *d, struct audio_counters *ret_counters)
{
    *ret_counters = (struct audio_counters){
        .frames = atomic_load(&d->frames),
        .xruns = atomic_load(&d->xruns),
        .overrun = atomic_load(&d->overrun),
        .lost = atomic_load(&d->lost_count),
        .reopened = atomic_load(&d->reopened_count),
        .events_lost = atomic_load(&d->events.lost),
    };
}

const char *audio_device_describe(const struct audio_device *d)
{
    return d->description;
}

enum status audio_device_list(const char *backend, audio_list_function *function, void *context,
                              struct error *ret_error)
{
    const struct audio_backend *b = find_backend(backend);
    if (!b)
        return unknown_backend(backend, ret_error);
    return b->list ? b->list(function, context, ret_error) : STATUS_OK;
}

void audio_impl_deliver(struct audio_device *d, const float *samples, size_t count)
{
    size_t taken = ring_write(d->config.ring, samples, count);
    atomic_fetch_add_explicit(&d->frames, taken, memory_order_relaxed);
    if (taken < count)
        atomic_fetch_add_explicit(&d->overrun, count - taken, memory_order_relaxed);
}

void audio_impl_fetch(struct audio_device *d, float *ret_samples, size_t count)
{
    playout_render(d->config.playout, ret_samples, count);
    if (d->config.reference)
        ring_write(d->config.reference, ret_samples, count);
    atomic_fetch_add_explicit(&d->frames, count, memory_order_relaxed);
}

void audio_impl_set_delay(struct audio_device *d, uint64_t delay, int64_t now_ns)
{
    bool capture = d->config.direction == AUDIO_CAPTURE;
    uint64_t frames = atomic_load_explicit(&d->frames, memory_order_relaxed);
    uint64_t there = capture ? frames + delay : frames > delay ? frames - delay : 0;
    atomic_fetch_add(&d->sequence, 1);
    atomic_store(&d->position_frames, there);
    atomic_store(&d->position_time_ns, now_ns);
    atomic_fetch_add(&d->sequence, 1);
    atomic_store(&d->delay, delay);
}

bool audio_impl_sleep(struct audio_device *d)
{
    if (!d->config.playout)
        return false;
    uint64_t silent = playout_silent(d->config.playout);
    if (silent < d->awake_from)
        d->awake_from = 0;
    return silent - d->awake_from >= (uint64_t)SLEEP_AFTER_S * d->config.rate &&
           playout_sleep(d->config.playout);
}

bool audio_impl_asleep(const struct audio_device *d)
{
    return d->config.playout && playout_is_asleep(d->config.playout);
}

void audio_impl_awake(struct audio_device *d)
{
    if (!d->config.playout)
        return;
    atomic_store(&d->config.playout->asleep, false);
    d->awake_from = playout_silent(d->config.playout);
}

void audio_impl_xrun(struct audio_device *d)
{
    atomic_fetch_add_explicit(&d->xruns, 1, memory_order_relaxed);
}

static void count_event(struct audio_device *d, enum audio_event_kind kind)
{
    if (kind == AUDIO_LOST)
        atomic_fetch_add_explicit(&d->lost_count, 1, memory_order_relaxed);
    else if (kind == AUDIO_REOPENED)
        atomic_fetch_add_explicit(&d->reopened_count, 1, memory_order_relaxed);
}

void audio_impl_report(struct audio_device *d, enum audio_event_kind kind,
                       const struct error *error)
{
    struct audio_event_queue *q = &d->events;
    unsigned written = atomic_load_explicit(&q->written, memory_order_relaxed);
    count_event(d, kind);
    if (written - atomic_load_explicit(&q->read, memory_order_acquire) >= AUDIO_EVENTS) {
        atomic_fetch_add_explicit(&q->lost, 1, memory_order_relaxed);
        return;
    }
    struct audio_event *e = &q->slots[written % AUDIO_EVENTS];
    *e = (struct audio_event){.kind = kind, .time_ns = clock_now_ns(d->config.clock)};
    if (error) {
        e->status = error->status;
        memcpy(e->text, error->text, sizeof(e->text) - 1);
    }
    atomic_store_explicit(&q->written, written + 1, memory_order_release);
}

int64_t audio_impl_backoff_ns(unsigned attempt)
{
    int64_t ns = 100 * CLOCK_NS_PER_MS << (attempt < 6 ? attempt : 6);
    return ns < 5 * CLOCK_NS_PER_S ? ns : 5 * CLOCK_NS_PER_S;
}

bool audio_impl_stopping(const struct audio_device *d)
{
    return atomic_load_explicit(&d->stopping, memory_order_acquire);
}

int64_t audio_impl_frames_in(const struct audio_device *d, int64_t ns)
{
    return ns / CLOCK_NS_PER_S * d->config.rate +
           ns % CLOCK_NS_PER_S * d->config.rate / CLOCK_NS_PER_S;
}
