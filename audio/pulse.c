/* Capture and playback through PulseAudio's protocol, which PipeWire's server speaks too.
 *
 * All objects of the library belong to one thread at a time: to the control thread while opening,
 * to our own thread "audio-pulse" between start and stop, and to the control thread again for
 * closing. So there is no lock, and a server that went away is replaced by making everything anew
 * on our thread. The library itself allocates there (message frames); our callbacks do not. The
 * server is asked for mono float32 at our rate and converts. */
#include "device_impl.h"

#include "fault.h"

#include <pulse/pulseaudio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 3000 };

/* Connection to the server without a stream: shared by devices and by listing. The loop lives as
 * long as the link, so that it may be woken at any time; contexts come and go with the server. */
struct pulse_link {
    pa_mainloop *loop;
    pa_context *context;
    const struct audio_device *device; /* whose stop ends all waiting; NULL: nobody's */
};

struct pulse_state {
    struct pulse_link link;
    pa_stream *stream;
    struct audio_device *device;
    struct thread thread;
    float *period; /* playback: rendered here; capture: silence for holes */
    uint32_t period_frames;
    bool corked;
};

static void link_disconnect(struct pulse_link *link)
{
    if (!link->context)
        return;
    pa_context_disconnect(link->context);
    pa_context_unref(link->context);
    link->context = NULL;
}

static void link_finish(struct pulse_link *link)
{
    link_disconnect(link);
    if (link->loop)
        pa_mainloop_free(link->loop);
    link->loop = NULL;
}

static bool cancelled(const struct pulse_link *link)
{
    return link->device && audio_impl_stopping(link->device);
}

static int64_t now_ms(void)
{
    struct clock clock;
    clock_init_real(&clock);
    return clock_now_ns(&clock) / CLOCK_NS_PER_MS;
}

/* One turn of the loop, waiting at most `ms` for something to happen (negative: for ever). */
static bool turn(struct pulse_link *link, int ms)
{
    return pa_mainloop_prepare(link->loop, ms < 0 ? -1 : ms * 1000) >= 0 &&
           pa_mainloop_poll(link->loop) >= 0 && pa_mainloop_dispatch(link->loop) >= 0;
}

static enum status status_of(int code)
{
    switch (code) {
    case PA_ERR_NOENTITY:
    case PA_ERR_CONNECTIONREFUSED:
    case PA_ERR_NODATA:
        return STATUS_NOT_FOUND;
    case PA_ERR_TIMEOUT:
        return STATUS_TIMEOUT;
    case PA_ERR_BUSY:
        return STATUS_BUSY;
    case PA_ERR_KILLED:
    case PA_ERR_CONNECTIONTERMINATED:
        return STATUS_DEVICE_LOST;
    default:
        return STATUS_IO;
    }
}

static enum status fail_context(pa_context *context, const char *what, struct error *ret_error)
{
    int code = pa_context_errno(context);
    return error_set(ret_error, status_of(code), "pulse: cannot %s: %s", what, pa_strerror(code));
}

static enum status fail_timeout(const char *what, struct error *ret_error)
{
    return error_set(ret_error, STATUS_TIMEOUT, "pulse: cannot %s: no answer within %d ms", what,
                     CONNECT_TIMEOUT_MS);
}

static enum status link_wait_ready(struct pulse_link *link, struct error *ret_error)
{
    int64_t end = now_ms() + CONNECT_TIMEOUT_MS;
    for (int64_t left; (left = end - now_ms()) > 0 && !cancelled(link);) {
        pa_context_state_t state = pa_context_get_state(link->context);
        if (state == PA_CONTEXT_READY)
            return STATUS_OK;
        if (!PA_CONTEXT_IS_GOOD(state))
            return fail_context(link->context, "connect to the server", ret_error);
        if (!turn(link, (int)left))
            return error_set(ret_error, STATUS_IO, "pulse: the event loop failed");
    }
    return fail_timeout("connect to the server", ret_error);
}

static enum status link_init(struct pulse_link *link, const struct audio_device *device,
                             struct error *ret_error)
{
    *link = (struct pulse_link){.loop = pa_mainloop_new(), .device = device};
    return link->loop
               ? STATUS_OK
               : error_set(ret_error, STATUS_NO_MEMORY, "pulse: no memory for an event loop");
}

/* No autospawn: finding no server is an answer, not a reason to start one. */
static enum status link_connect(struct pulse_link *link, struct error *ret_error)
{
    enum status status;
    link->context = pa_context_new(pa_mainloop_get_api(link->loop), "Linnet");
    if (!link->context)
        return error_set(ret_error, STATUS_NO_MEMORY, "pulse: no memory for a connection");
    if (pa_context_connect(link->context, NULL, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0)
        status = fail_context(link->context, "connect to the server", ret_error);
    else
        status = link_wait_ready(link, ret_error);
    if (status != STATUS_OK)
        link_disconnect(link);
    return status;
}

/* Where the stream is, from the server's timing, interpolated by the library. */
static void update_position(struct pulse_state *s)
{
    pa_usec_t usec;
    int negative = 0;
    if (pa_stream_get_latency(s->stream, &usec, &negative) < 0)
        return;
    int64_t delay = negative ? 0 : audio_impl_frames_in(s->device, (int64_t)usec * 1000);
    audio_impl_set_delay(s->device, (uint64_t)delay, clock_now_ns(s->device->config.clock));
}

static void deliver_silence(struct pulse_state *s, size_t frames)
{
    memset(s->period, 0, s->period_frames * sizeof(float));
    while (frames > 0) {
        size_t n = frames < s->period_frames ? frames : s->period_frames;
        audio_impl_deliver(s->device, s->period, n);
        frames -= n;
    }
}

static void on_readable(pa_stream *stream, size_t bytes, void *context)
{
    struct pulse_state *s = context;
    const void *data;
    (void)bytes;
    while (pa_stream_readable_size(stream) > 0) {
        size_t size = 0;
        if (pa_stream_peek(stream, &data, &size) < 0 || size == 0)
            break;
        if (data)
            audio_impl_deliver(s->device, data, size / sizeof(float));
        else
            deliver_silence(s, size / sizeof(float));
        pa_stream_drop(stream);
    }
    update_position(s);
}

static void on_writable(pa_stream *stream, size_t bytes, void *context)
{
    struct pulse_state *s = context;
    size_t frames = bytes / sizeof(float);
    while (frames > 0) {
        size_t n = frames < s->period_frames ? frames : s->period_frames;
        audio_impl_fetch(s->device, s->period, n);
        if (pa_stream_write(stream, s->period, n * sizeof(float), NULL, 0, PA_SEEK_RELATIVE) < 0)
            break;
        frames -= n;
    }
    update_position(s);
}

static void on_xrun(pa_stream *stream, void *context)
{
    struct pulse_state *s = context;
    (void)stream;
    audio_impl_xrun(s->device);
}

static pa_buffer_attr buffer_attributes(const struct audio_device_config *c)
{
    uint32_t period = c->period_frames * (uint32_t)sizeof(float);
    uint32_t latency = c->latency_frames * (uint32_t)sizeof(float);
    /* No prebuffering: the stream always runs, silence included, so that speech starts without a
     * delay. */
    return (pa_buffer_attr){
        .maxlength = (uint32_t)-1,
        .tlength = latency > period ? latency : period,
        .prebuf = 0,
        .minreq = period,
        .fragsize = period,
    };
}

static int connect_stream(struct pulse_state *s)
{
    const struct audio_device_config *c = &s->device->config;
    pa_buffer_attr attributes = buffer_attributes(c);
    pa_stream_flags_t flags = PA_STREAM_START_CORKED | PA_STREAM_ADJUST_LATENCY |
                              PA_STREAM_AUTO_TIMING_UPDATE | PA_STREAM_INTERPOLATE_TIMING;
    pa_stream_set_overflow_callback(s->stream, on_xrun, s);
    if (c->direction == AUDIO_CAPTURE) {
        pa_stream_set_read_callback(s->stream, on_readable, s);
        return pa_stream_connect_record(s->stream, c->target, &attributes, flags);
    }
    pa_stream_set_underflow_callback(s->stream, on_xrun, s);
    return pa_stream_connect_playback(s->stream, c->target, &attributes, flags, NULL, NULL);
}

static enum status stream_wait_ready(struct pulse_state *s, struct error *ret_error)
{
    int64_t end = now_ms() + CONNECT_TIMEOUT_MS;
    for (int64_t left; (left = end - now_ms()) > 0 && !cancelled(&s->link);) {
        pa_stream_state_t state = pa_stream_get_state(s->stream);
        if (state == PA_STREAM_READY)
            return STATUS_OK;
        if (!PA_STREAM_IS_GOOD(state))
            break;
        if (!turn(&s->link, (int)left))
            break;
    }
    if (PA_STREAM_IS_GOOD(pa_stream_get_state(s->stream)))
        return fail_timeout("open the stream", ret_error);
    fail_context(s->link.context, "open the stream", ret_error);
    const char *target = s->device->config.target;
    return error_prefix(ret_error, status_of(pa_context_errno(s->link.context)), "%s",
                        target ? target : "default device");
}

static enum status open_stream(struct pulse_state *s, struct error *ret_error)
{
    const struct audio_device_config *c = &s->device->config;
    const pa_sample_spec spec = {.format = PA_SAMPLE_FLOAT32NE, .rate = c->rate, .channels = 1};
    s->stream = pa_stream_new(s->link.context, c->stream_name, &spec, NULL);
    if (!s->stream)
        return fail_context(s->link.context, "make a stream", ret_error);
    if (connect_stream(s) < 0)
        return fail_context(s->link.context, "open the stream", ret_error);
    return stream_wait_ready(s, ret_error);
}

static void disconnect_all(struct pulse_state *s)
{
    if (s->stream) {
        pa_stream_set_read_callback(s->stream, NULL, NULL);
        pa_stream_set_write_callback(s->stream, NULL, NULL);
        pa_stream_disconnect(s->stream);
        pa_stream_unref(s->stream);
        s->stream = NULL;
    }
    link_disconnect(&s->link);
}

static enum status connect_all(struct pulse_state *s, struct error *ret_error)
{
    TRY(link_connect(&s->link, ret_error));
    enum status status = open_stream(s, ret_error);
    if (status != STATUS_OK)
        disconnect_all(s);
    return status;
}

static void release(pa_operation *operation)
{
    if (operation)
        pa_operation_unref(operation);
}

/* The silence that a corked stream still holds would only delay what is said next. */
static void cork(struct pulse_state *s, bool on)
{
    if (!on && s->corked)
        release(pa_stream_flush(s->stream, NULL, NULL));
    release(pa_stream_cork(s->stream, on, NULL, NULL));
    s->corked = on;
    if (!on)
        audio_impl_awake(s->device);
}

/* A loudspeaker with nothing to say costs nothing while it is corked. */
static void rest_or_rise(struct pulse_state *s)
{
    if (!s->corked && audio_impl_sleep(s->device))
        cork(s, true);
    else if (s->corked && !audio_impl_asleep(s->device))
        cork(s, false);
}

/* Let samples flow. The write callback comes only now, so that nothing is rendered before the
 * start. */
static void uncork(struct pulse_state *s)
{
    if (s->device->config.direction == AUDIO_PLAYBACK) {
        pa_stream_set_write_callback(s->stream, on_writable, s);
        size_t writable = pa_stream_writable_size(s->stream);
        if (writable != (size_t)-1 && writable > 0)
            on_writable(s->stream, writable, s);
    }
    cork(s, false);
}

static bool alive(const struct pulse_state *s)
{
    return pa_context_get_state(s->link.context) == PA_CONTEXT_READY &&
           pa_stream_get_state(s->stream) == PA_STREAM_READY;
}

/* Move samples until told to stop (true) or the server or device is gone (false). */
static bool serve(struct pulse_state *s)
{
    uncork(s);
    while (!audio_impl_stopping(s->device)) {
        if (!turn(&s->link, -1) || !alive(s))
            return audio_impl_stopping(s->device);
        rest_or_rise(s);
    }
    return true;
}

static void report_lost(struct pulse_state *s)
{
    struct error error;
    int code = pa_context_errno(s->link.context);
    error_set(&error, STATUS_DEVICE_LOST, "%s: %s", s->device->description,
              code ? pa_strerror(code) : "the stream was ended by the server");
    audio_impl_report(s->device, AUDIO_LOST, &error);
}

/* There is no loop to sleep in while there is no connection. */
static void wait_unless_stopping(struct pulse_state *s, int64_t ns)
{
    struct clock *clock = s->device->config.clock;
    int64_t end_ns = clock_now_ns(clock) + ns;
    while (!audio_impl_stopping(s->device) && clock_now_ns(clock) < end_ns)
        clock_sleep_until(clock, clock_now_ns(clock) + 20 * CLOCK_NS_PER_MS);
}

static bool reopen(struct pulse_state *s)
{
    disconnect_all(s);
    for (unsigned attempt = 0; !audio_impl_stopping(s->device); attempt++) {
        wait_unless_stopping(s, audio_impl_backoff_ns(attempt));
        if (audio_impl_stopping(s->device) || connect_all(s, NULL) != STATUS_OK)
            continue;
        audio_impl_report(s->device, AUDIO_REOPENED, NULL);
        return true;
    }
    return false;
}

static void run(void *context)
{
    struct pulse_state *s = context;
    while (!serve(s)) {
        report_lost(s);
        if (!reopen(s))
            return;
    }
}

static void describe(struct pulse_state *s)
{
    struct audio_device *d = s->device;
    const char *name = pa_stream_get_device_name(s->stream);
    snprintf(d->description, sizeof(d->description), "pulse: %.120s (%u Hz)",
             name ? name : "default", d->config.rate);
}

static void pulse_close(struct audio_device *d)
{
    struct pulse_state *s = d->state;
    disconnect_all(s);
    link_finish(&s->link);
    free(s->period);
    free(s);
}

static enum status pulse_open(struct audio_device *d, struct error *ret_error)
{
    struct pulse_state *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return error_set(ret_error, STATUS_NO_MEMORY, "pulse: no memory for a sound device");
    d->state = s;
    s->device = d;
    s->period_frames = d->config.period_frames;
    s->period = mem_calloc(s->period_frames, sizeof(float));
    enum status status =
        s->period ? link_init(&s->link, d, ret_error)
                  : error_set(ret_error, STATUS_NO_MEMORY, "pulse: no memory for a period");
    if (status == STATUS_OK)
        status = connect_all(s, ret_error);
    if (status == STATUS_OK)
        describe(s);
    else
        pulse_close(d);
    return status;
}

static enum status pulse_start(struct audio_device *d, struct error *ret_error)
{
    struct pulse_state *s = d->state;
    const struct thread_config config = {
        .name = "audio-pulse", .run = run, .context = s, .realtime_priority = AUDIO_RT_PRIORITY};
    return thread_start(&s->thread, &config, ret_error);
}

static enum status pulse_stop(struct audio_device *d, struct error *ret_error)
{
    struct pulse_state *s = d->state;
    (void)ret_error;
    pa_mainloop_wakeup(s->link.loop);
    thread_join(&s->thread);
    return STATUS_OK;
}

static void pulse_wake(void *device)
{
    const struct audio_device *d = device;
    pa_mainloop_wakeup(((struct pulse_state *)d->state)->link.loop);
}

struct pulse_listing {
    audio_list_function *function;
    void *context;
    char default_source[256], default_sink[256];
};

static void on_server(pa_context *context, const pa_server_info *info, void *user)
{
    struct pulse_listing *l = user;
    (void)context;
    if (!info)
        return;
    snprintf(l->default_source, sizeof(l->default_source), "%s",
             info->default_source_name ? info->default_source_name : "");
    snprintf(l->default_sink, sizeof(l->default_sink), "%s",
             info->default_sink_name ? info->default_sink_name : "");
}

static void on_source(pa_context *context, const pa_source_info *info, int end, void *user)
{
    struct pulse_listing *l = user;
    (void)context;
    if (end || !info)
        return;
    const struct audio_device_info found = {"pulse", info->name, info->description, AUDIO_CAPTURE,
                                            strcmp(info->name, l->default_source) == 0};
    l->function(l->context, &found);
}

static void on_sink(pa_context *context, const pa_sink_info *info, int end, void *user)
{
    struct pulse_listing *l = user;
    (void)context;
    if (end || !info)
        return;
    const struct audio_device_info found = {"pulse", info->name, info->description, AUDIO_PLAYBACK,
                                            strcmp(info->name, l->default_sink) == 0};
    l->function(l->context, &found);
}

static enum status wait_operation(struct pulse_link *link, pa_operation *operation,
                                  struct error *ret_error)
{
    int64_t end = now_ms() + CONNECT_TIMEOUT_MS;
    if (!operation)
        return fail_context(link->context, "ask the server", ret_error);
    while (pa_operation_get_state(operation) == PA_OPERATION_RUNNING) {
        int64_t left = end - now_ms();
        if (left <= 0 || !turn(link, (int)left))
            break;
    }
    bool done = pa_operation_get_state(operation) == PA_OPERATION_DONE;
    pa_operation_unref(operation);
    return done ? STATUS_OK : fail_timeout("ask the server", ret_error);
}

static enum status list_all(struct pulse_link *link, struct pulse_listing *l,
                            struct error *ret_error)
{
    TRY(link_connect(link, ret_error));
    TRY(wait_operation(link, pa_context_get_server_info(link->context, on_server, l), ret_error));
    TRY(wait_operation(link, pa_context_get_source_info_list(link->context, on_source, l),
                       ret_error));
    return wait_operation(link, pa_context_get_sink_info_list(link->context, on_sink, l),
                          ret_error);
}

static enum status pulse_list(audio_list_function *function, void *context, struct error *ret_error)
{
    struct pulse_listing l = {.function = function, .context = context};
    struct pulse_link link;
    TRY(link_init(&link, NULL, ret_error));
    enum status status = list_all(&link, &l, ret_error);
    link_finish(&link);
    return status;
}

const struct audio_backend audio_backend_pulse = {
    .name = "pulse",
    .open = pulse_open,
    .start = pulse_start,
    .stop = pulse_stop,
    .close = pulse_close,
    .wake = pulse_wake,
    .list = pulse_list,
};
