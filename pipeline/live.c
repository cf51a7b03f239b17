#include "live.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_choice.h"
#include "engine.h"
#include "frame_ring.h"
#include "state_path.h"
#include "telemetry_sender.h"
#include "thread.h"

enum {
    MIC_SAMPLES = 2 * LINNET_INPUT_RATE,
    FRAMES = 2048,
    TICK_MS = 4,
    FRONT_CHUNK = 160,
    MIND_IDLE_MS = 500,
    PATH_BYTES = 512
};

struct live {
    struct linnet *linnet;
    struct ring mic;
    struct frame_ring frames;
    struct audio_device *input, *output;
    struct thread front, control, mind;
    struct telemetry_sender *telemetry; /* NULL: no endpoint */
    atomic_bool stop;
    atomic_uint_least64_t heard;
};

static bool stopped(struct live *live)
{
    return atomic_load_explicit(&live->stop, memory_order_relaxed);
}

static void sleep_tick(struct live *live)
{
    struct clock *clock = &live->linnet->clock;
    clock_sleep_until(clock, clock_now_ns(clock) + TICK_MS * CLOCK_NS_PER_MS);
}

static void front_work(struct live *live, const float *samples, size_t count)
{
    struct front_frame frame;
    while (count > 0) {
        size_t taken = front_feed(live->linnet->front, samples, count);
        sound_log_write(live->linnet->sound_log, samples, taken);
        samples += taken;
        count -= taken;
        while (front_poll(live->linnet->front, &frame)) {
            frame_ring_write(&live->frames, &frame);
            atomic_fetch_add_explicit(&live->heard, 1, memory_order_relaxed);
        }
    }
}

static void front_run(void *context)
{
    struct live *live = context;
    float samples[FRONT_CHUNK];
    while (!stopped(live)) {
        size_t count = ring_read(&live->mic, samples, FRONT_CHUNK);
        if (count)
            front_work(live, samples, count);
        else
            sleep_tick(live);
    }
}

static void forward_device_events(struct live *live, struct audio_device *device)
{
    static const char *const kinds[] = {"lost", "back", "ended", "failed"};
    struct audio_event event;
    const struct event_post post = {live->linnet->events, &live->linnet->clock};
    while (audio_device_poll(device, &event)) {
        char text[LINNET_TEXT_BYTES];
        snprintf(text, sizeof(text), "%s: %s: %s", audio_device_describe(device), kinds[event.kind],
                 event.text);
        event_send_text(&post, LINNET_EVENT_ERROR, 0, text);
    }
}

static void control_run(void *context)
{
    struct live *live = context;
    struct front_frame frame;
    while (!stopped(live)) {
        if (frame_ring_read(&live->frames, &frame)) {
            control_frame(&live->linnet->control, &frame);
            if (frame.wake_word >= 0)
                audio_device_wake(live->output); /* a sleeping loudspeaker needs a moment */
            continue;
        }
        control_poll(&live->linnet->control);
        forward_device_events(live, live->input);
        forward_device_events(live, live->output);
        sleep_tick(live);
    }
}

/* Sleep until a request or something from outside comes, but not through a reminder, a deadline or
 * a playout that has room again. */
static void mind_wait(struct live *live)
{
    int outside = mind_waits_on(live->linnet->mind);
    struct pollfd poll_fds[] = {
        {.fd = mailbox_fd(live->linnet->requests), .events = POLLIN},
        {.fd = outside, .events = POLLIN}, /* passed over when negative */
    };
    bool busy = outside >= 0 || !voice_is_silent(live->linnet->voice);
    poll(poll_fds, 2, busy ? TICK_MS : MIND_IDLE_MS);
}

static void mind_run(void *context)
{
    struct live *live = context;
    while (!stopped(live)) {
        if (mind_step(live->linnet->mind))
            continue;
        mind_check_reminders(live->linnet->mind);
        telemetry_sender_step(live->telemetry);
        mind_wait(live);
    }
}

static enum status open_device(struct live *live, enum audio_direction direction,
                               const char *option, struct audio_device **ret_device,
                               struct error *ret_error)
{
    struct audio_device_config config =
        audio_device_config_default(direction, &live->linnet->clock);
    device_choice(option, &config);
    config.stream_name = direction == AUDIO_CAPTURE ? "Linnet listens" : "Linnet speaks";
    if (direction == AUDIO_CAPTURE)
        config.ring = &live->mic;
    else
        config.playout = voice_playout(live->linnet->voice);
    return audio_device_create(&config, ret_device, ret_error);
}

static enum status start_threads(struct live *live, struct error *ret_error)
{
    const struct thread_config front = {
        .name = "front", .run = front_run, .context = live, .realtime_priority = 20};
    const struct thread_config control = {.name = "control", .run = control_run, .context = live};
    const struct thread_config mind = {.name = "mind", .run = mind_run, .context = live};
    TRY(thread_start(&live->mind, &mind, ret_error));
    TRY(thread_start(&live->control, &control, ret_error));
    return thread_start(&live->front, &front, ret_error);
}

static enum status create_telemetry(struct live *live, struct error *ret_error)
{
    const struct config *options = &live->linnet->options;
    char path[PATH_BYTES];
    if (!*options->telemetry_endpoint)
        return STATUS_OK;
    TRY(state_path(options->state, path, sizeof(path), ret_error));
    const struct telemetry_sender_config config = {
        .state_path = path,
        .endpoint = options->telemetry_endpoint,
        .ca_file = *options->ca_file ? options->ca_file : NULL,
        .version = LINNET_VERSION,
        .clock = &live->linnet->clock,
    };
    return telemetry_sender_create(&config, &live->telemetry, ret_error);
}

static enum status prepare(struct live *live, struct error *ret_error)
{
    const struct config *options = &live->linnet->options;
    clock_init_real(&live->linnet->clock);
    TRY(ring_init(&live->mic, MIC_SAMPLES, ret_error));
    TRY(frame_ring_init(&live->frames, FRAMES, ret_error));
    TRY(open_device(live, AUDIO_CAPTURE, options->input_device, &live->input, ret_error));
    TRY(open_device(live, AUDIO_PLAYBACK, options->output_device, &live->output, ret_error));
    TRY(create_telemetry(live, ret_error));
    TRY(start_threads(live, ret_error));
    TRY(audio_device_start(live->output, ret_error));
    return audio_device_start(live->input, ret_error);
}

enum status live_create(struct linnet *linnet, struct live **ret_live, struct error *ret_error)
{
    struct live *live = aligned_alloc(64, (sizeof(*live) + 63) / 64 * 64);
    if (!live)
        return error_set(ret_error, STATUS_NO_MEMORY, "live: out of memory");
    memset(live, 0, sizeof(*live));
    live->linnet = linnet;
    enum status status = prepare(live, ret_error);
    if (status != STATUS_OK) {
        live_destroy(live);
        return status;
    }
    *ret_live = live;
    return STATUS_OK;
}

void live_destroy(struct live *live)
{
    if (!live)
        return;
    atomic_store(&live->stop, true);
    thread_join(&live->front);
    thread_join(&live->control);
    thread_join(&live->mind);
    telemetry_sender_destroy(live->telemetry);
    audio_device_destroy(live->input);
    audio_device_destroy(live->output);
    frame_ring_finish(&live->frames);
    ring_finish(&live->mic);
    free(live);
}

void live_counters(const struct live *live, struct live_counters *ret_counters)
{
    struct live_counters counters = {.frames = atomic_load(&live->heard),
                                     .frames_dropped = atomic_load(&live->frames.dropped)};
    audio_device_counters(live->input, &counters.input);
    audio_device_counters(live->output, &counters.output);
    *ret_counters = counters;
}

const char *live_describe_input(const struct live *live)
{
    return audio_device_describe(live->input);
}

const char *live_describe_output(const struct live *live)
{
    return audio_device_describe(live->output);
}
