/* Capture and playback through ALSA: the hardware itself or any of its plugins.
 *
 * The card is opened with the format nearest to ours (float32 mono at our rate) and the rest is
 * converted here: sample format and channels by wav_codec, rate by rate_bridge, since what ALSA's
 * own plug layer does to the rate is linear interpolation. The thread "audio-alsa" sleeps in poll()
 * and moves whole periods without blocking. Overruns are counted and the stream goes on; a card
 * that is gone is closed and tried again. */
#include "device_impl.h"

#include "fault.h"
#include "rate_bridge.h"
#include "wav_codec.h"

#include <alsa/asoundlib.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 16,
    CAPTURE_BUFFER_MS = 200,
    STUCK_MS = 2000,
    RESUME_TRIES = 100,
};

struct alsa_state {
    struct audio_device *device;
    struct thread thread;
    int wake; /* eventfd: stop was asked for, or there is something to say again */
    snd_pcm_t *pcm;
    enum wav_encoding encoding;
    unsigned channels, rate;
    snd_pcm_uframes_t period, buffer;
    struct pollfd descriptors[DESCRIPTORS + 1]; /* the last used one is `wake` */
    int descriptor_count;
    struct rate_bridge bridge;
    float *mono;      /* one period of the hardware */
    float *spread;    /* the same, one copy a channel */
    uint8_t *bytes;   /* the same, as the hardware wants it */
    int64_t begin_ns; /* since when `moved` counts */
    uint64_t moved;   /* hardware frames since begin_ns */
};

static const struct {
    snd_pcm_format_t format;
    enum wav_encoding encoding;
} formats[] = {
    {SND_PCM_FORMAT_FLOAT_LE, WAV_F32},
    {SND_PCM_FORMAT_S32_LE, WAV_S32},
    {SND_PCM_FORMAT_S24_3LE, WAV_S24},
    {SND_PCM_FORMAT_S16_LE, WAV_S16},
};

/* The library would print to stderr; the codes it returns say enough. */
static void be_quiet(const char *file, int line, const char *function, int code, const char *format,
                     va_list args)
{
    (void)file, (void)line, (void)function, (void)code, (void)format, (void)args;
}

static const char *pcm_name(const struct alsa_state *s)
{
    return s->device->config.target ? s->device->config.target : "default";
}

static enum status fail_alsa(const struct alsa_state *s, int code, const char *what,
                             struct error *ret_error)
{
    enum status status = code == -ENOENT || code == -ENODEV ? STATUS_NOT_FOUND
                         : code == -EBUSY                   ? STATUS_BUSY
                         : code == -ENOMEM                  ? STATUS_NO_MEMORY
                         : code == -EINVAL                  ? STATUS_UNSUPPORTED
                                                            : STATUS_IO;
    return error_set(ret_error, status, "alsa: %.120s: cannot %s: %s", pcm_name(s), what,
                     snd_strerror(code));
}

static int choose_format(struct alsa_state *s, snd_pcm_hw_params_t *params)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (snd_pcm_hw_params_set_format(s->pcm, params, formats[i].format) == 0) {
            s->encoding = formats[i].encoding;
            return 0;
        }
    return -EINVAL;
}

static int choose_channels(struct alsa_state *s, snd_pcm_hw_params_t *params)
{
    for (s->channels = 1; s->channels <= 2; s->channels++)
        if (snd_pcm_hw_params_set_channels(s->pcm, params, s->channels) == 0)
            return 0;
    int code = snd_pcm_hw_params_get_channels_min(params, &s->channels);
    if (code < 0)
        return code;
    if (s->channels < 1 || s->channels > WAV_MAX_CHANNELS)
        return -EINVAL;
    return snd_pcm_hw_params_set_channels(s->pcm, params, s->channels);
}

/* Our rate if the hardware has it, else one that is easily converted, else the nearest. */
static int choose_rate(struct alsa_state *s, snd_pcm_hw_params_t *params)
{
    const unsigned wishes[] = {s->device->config.rate, 48000, 96000, 32000, 44100};
    snd_pcm_hw_params_set_rate_resample(s->pcm, params, 0);
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++)
        if (snd_pcm_hw_params_set_rate(s->pcm, params, wishes[i], 0) == 0) {
            s->rate = wishes[i];
            return 0;
        }
    s->rate = s->device->config.rate;
    return snd_pcm_hw_params_set_rate_near(s->pcm, params, &s->rate, NULL);
}

static snd_pcm_uframes_t hardware_frames(const struct alsa_state *s, uint64_t frames)
{
    return (snd_pcm_uframes_t)(frames * s->rate / s->device->config.rate);
}

/* Playback keeps its buffer full, so its size is the latency; a capture buffer is only a reserve.
 */
static int choose_sizes(struct alsa_state *s, snd_pcm_hw_params_t *params)
{
    const struct audio_device_config *c = &s->device->config;
    s->period = hardware_frames(s, c->period_frames);
    s->buffer = c->direction == AUDIO_CAPTURE ? s->rate * CAPTURE_BUFFER_MS / 1000
                                              : hardware_frames(s, c->latency_frames);
    if (s->buffer < 2 * s->period)
        s->buffer = 2 * s->period;
    int code = snd_pcm_hw_params_set_period_size_near(s->pcm, params, &s->period, NULL);
    if (code == 0)
        code = snd_pcm_hw_params_set_buffer_size_near(s->pcm, params, &s->buffer);
    return code;
}

static enum status set_hardware(struct alsa_state *s, snd_pcm_hw_params_t *params,
                                struct error *ret_error)
{
    int code;
    if ((code = snd_pcm_hw_params_any(s->pcm, params)) < 0)
        return fail_alsa(s, code, "ask for its formats", ret_error);
    if ((code = snd_pcm_hw_params_set_access(s->pcm, params, SND_PCM_ACCESS_RW_INTERLEAVED)) < 0)
        return fail_alsa(s, code, "use interleaved access", ret_error);
    if ((code = choose_format(s, params)) < 0)
        return fail_alsa(s, code, "use float, 32, 24 or 16-bit samples", ret_error);
    if ((code = choose_channels(s, params)) < 0)
        return fail_alsa(s, code, "use 1 to 64 channels", ret_error);
    if ((code = choose_rate(s, params)) < 0)
        return fail_alsa(s, code, "set a rate", ret_error);
    if ((code = choose_sizes(s, params)) < 0)
        return fail_alsa(s, code, "set the buffer size", ret_error);
    if ((code = snd_pcm_hw_params(s->pcm, params)) < 0)
        return fail_alsa(s, code, "set the format", ret_error);
    snd_pcm_hw_params_get_period_size(params, &s->period, NULL);
    snd_pcm_hw_params_get_buffer_size(params, &s->buffer);
    return STATUS_OK;
}

static enum status set_software(struct alsa_state *s, snd_pcm_sw_params_t *params,
                                struct error *ret_error)
{
    int code = snd_pcm_sw_params_current(s->pcm, params);
    if (code == 0)
        code = snd_pcm_sw_params_set_start_threshold(s->pcm, params, s->period);
    if (code == 0)
        code = snd_pcm_sw_params_set_avail_min(s->pcm, params, s->period);
    if (code == 0)
        code = snd_pcm_sw_params(s->pcm, params);
    return code == 0 ? STATUS_OK : fail_alsa(s, code, "set the period", ret_error);
}

static enum status set_params(struct alsa_state *s, struct error *ret_error)
{
    snd_pcm_hw_params_t *hardware = NULL;
    snd_pcm_sw_params_t *software = NULL;
    enum status status = STATUS_NO_MEMORY;
    if (snd_pcm_hw_params_malloc(&hardware) == 0 && snd_pcm_sw_params_malloc(&software) == 0) {
        status = set_hardware(s, hardware, ret_error);
        if (status == STATUS_OK)
            status = set_software(s, software, ret_error);
    }
    if (hardware)
        snd_pcm_hw_params_free(hardware);
    if (software)
        snd_pcm_sw_params_free(software);
    return status;
}

static enum status make_buffers(struct alsa_state *s, struct error *ret_error)
{
    const struct audio_device_config *c = &s->device->config;
    bool capture = c->direction == AUDIO_CAPTURE;
    size_t frame = s->channels * wav_encoding_bytes(s->encoding);
    TRY(rate_bridge_init(&s->bridge, capture ? s->rate : c->rate, capture ? c->rate : s->rate,
                         c->period_frames, ret_error));
    s->mono = mem_calloc(s->period, sizeof(float));
    s->spread = mem_calloc(s->period * s->channels, sizeof(float));
    s->bytes = mem_calloc(s->period, frame);
    if (s->mono && s->spread && s->bytes)
        return STATUS_OK;
    return error_set(ret_error, STATUS_NO_MEMORY, "alsa: no memory for a period");
}

static enum status find_descriptors(struct alsa_state *s, struct error *ret_error)
{
    int n = snd_pcm_poll_descriptors_count(s->pcm);
    if (n < 0 || n > DESCRIPTORS)
        return fail_alsa(s, -EINVAL, "wait for it", ret_error);
    n = snd_pcm_poll_descriptors(s->pcm, s->descriptors, (unsigned)n);
    if (n < 0)
        return fail_alsa(s, n, "wait for it", ret_error);
    s->descriptors[n] = (struct pollfd){.fd = s->wake, .events = POLLIN};
    s->descriptor_count = n;
    return STATUS_OK;
}

static void close_pcm(struct alsa_state *s)
{
    if (s->pcm)
        snd_pcm_close(s->pcm);
    rate_bridge_finish(&s->bridge);
    free(s->mono), free(s->spread), free(s->bytes);
    s->pcm = NULL;
    s->mono = s->spread = NULL;
    s->bytes = NULL;
}

static enum status open_pcm(struct alsa_state *s, struct error *ret_error)
{
    bool capture = s->device->config.direction == AUDIO_CAPTURE;
    snd_lib_error_set_local(be_quiet);
    int code =
        snd_pcm_open(&s->pcm, pcm_name(s),
                     capture ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK);
    if (code < 0) {
        s->pcm = NULL;
        return fail_alsa(s, code, "open it", ret_error);
    }
    enum status status = set_params(s, ret_error);
    if (status == STATUS_OK)
        status = make_buffers(s, ret_error);
    if (status == STATUS_OK)
        status = find_descriptors(s, ret_error);
    if (status != STATUS_OK)
        close_pcm(s);
    return status;
}

static void sink(void *context, const float *samples, size_t count)
{
    audio_impl_deliver(context, samples, count);
}

static size_t source(void *context, float *ret_samples, size_t count)
{
    audio_impl_fetch(context, ret_samples, count);
    return count;
}

static void update_position(struct alsa_state *s)
{
    snd_pcm_sframes_t frames;
    if (snd_pcm_delay(s->pcm, &frames) < 0 || frames < 0)
        frames = 0;
    double seconds = (double)frames / s->rate + rate_bridge_delay_s(&s->bridge);
    audio_impl_set_delay(s->device, (uint64_t)(seconds * s->device->config.rate),
                         clock_now_ns(s->device->config.clock));
}

/* The moving functions return what ALSA returns: negative codes for trouble. */
static int move_in(struct alsa_state *s, snd_pcm_sframes_t available)
{
    while (available > 0) {
        snd_pcm_uframes_t want =
            (snd_pcm_uframes_t)available < s->period ? (snd_pcm_uframes_t)available : s->period;
        snd_pcm_sframes_t n = snd_pcm_readi(s->pcm, s->bytes, want);
        if (n == -EAGAIN || n == 0)
            break;
        if (n < 0)
            return (int)n;
        wav_decode_mono(s->encoding, s->bytes, s->channels, (size_t)n, s->mono);
        rate_bridge_push(&s->bridge, s->mono, (size_t)n, sink, s->device);
        s->moved += (uint64_t)n;
        available -= n;
    }
    return 0;
}

static void fill_period(struct alsa_state *s)
{
    rate_bridge_pull(&s->bridge, source, s->device, s->mono, s->period);
    for (size_t i = 0; i < s->period; i++)
        for (unsigned c = 0; c < s->channels; c++)
            s->spread[i * s->channels + c] = s->mono[i];
    wav_encode(s->encoding, s->spread, s->period * s->channels, s->bytes);
}

static int write_period(struct alsa_state *s)
{
    size_t frame = s->channels * wav_encoding_bytes(s->encoding);
    for (snd_pcm_uframes_t done = 0; done < s->period;) {
        snd_pcm_sframes_t n = snd_pcm_writei(s->pcm, s->bytes + done * frame, s->period - done);
        if (n == -EAGAIN || n == 0)
            n = snd_pcm_wait(s->pcm, STUCK_MS) == 0 ? -ETIMEDOUT : 0;
        if (n < 0)
            return (int)n;
        done += (snd_pcm_uframes_t)n;
    }
    s->moved += s->period;
    return 0;
}

static int move_out(struct alsa_state *s, snd_pcm_sframes_t available)
{
    for (; available >= (snd_pcm_sframes_t)s->period; available -= (snd_pcm_sframes_t)s->period) {
        fill_period(s);
        int code = write_period(s);
        if (code < 0)
            return code;
    }
    return 0;
}

static int move(struct alsa_state *s)
{
    if (fault_hit(FAULT_DEVICE))
        return -ENODEV;
    if (fault_hit(FAULT_XRUN))
        return -EPIPE;
    snd_pcm_sframes_t available = snd_pcm_avail_update(s->pcm);
    if (available < 0)
        return (int)available;
    int code = s->device->config.direction == AUDIO_CAPTURE ? move_in(s, available)
                                                            : move_out(s, available);
    if (code == 0)
        update_position(s);
    return code;
}

static int start_pcm(struct alsa_state *s)
{
    int code = snd_pcm_prepare(s->pcm);
    audio_impl_awake(s->device);
    if (code == 0 && s->device->config.direction == AUDIO_CAPTURE)
        code = snd_pcm_start(s->pcm);
    s->begin_ns = clock_now_ns(s->device->config.clock);
    s->moved = 0;
    return code;
}

/* A machine that went to sleep resumes; 100 tries of 10 ms, then the stream begins anew. */
static int resume(struct alsa_state *s)
{
    struct clock *clock = s->device->config.clock;
    for (int i = 0; i < RESUME_TRIES && !audio_impl_stopping(s->device); i++) {
        int code = snd_pcm_resume(s->pcm);
        if (code != -EAGAIN)
            return code == 0 ? 0 : start_pcm(s);
        clock_sleep_until(clock, clock_now_ns(clock) + 10 * CLOCK_NS_PER_MS);
    }
    return start_pcm(s);
}

static int recover(struct alsa_state *s, int code)
{
    switch (code) {
    case -EINTR:
        return 0;
    case -EPIPE:
        audio_impl_xrun(s->device);
        return start_pcm(s);
    case -ESTRPIPE:
        return resume(s);
    default:
        return code;
    }
}

/* Plugins that end in a file or in nothing take or give samples as fast as we move; hold them to
 * the clock. A buffer's worth ahead is granted, so that real hardware is never held. */
static void hold_to_clock(struct alsa_state *s)
{
    struct clock *clock = s->device->config.clock;
    double held = s->moved > s->buffer ? (double)(s->moved - s->buffer) : 0.0;
    int64_t due_ns = s->begin_ns + (int64_t)(held / s->rate * CLOCK_NS_PER_S);
    if (due_ns > clock_now_ns(clock))
        clock_sleep_until(clock, due_ns);
}

/* A stop asks by its flag first, so nothing is missed. */
static void clear_wake(struct alsa_state *s)
{
    eventfd_t count;
    eventfd_read(s->wake, &count);
}

/* Poll; hardware that lets us wait keeps its own time, which need not be the clock's. */
static int poll_all(struct alsa_state *s)
{
    struct clock *clock = s->device->config.clock;
    int64_t before_ns = clock_now_ns(clock);
    int n = poll(s->descriptors, (nfds_t)s->descriptor_count + 1, STUCK_MS);
    int64_t now_ns = clock_now_ns(clock);
    clear_wake(s);
    if (now_ns - before_ns > CLOCK_NS_PER_MS) {
        s->begin_ns = now_ns;
        s->moved = 0;
    }
    return n;
}

/* Until the hardware has or wants a period: 0, or a negative code. */
static int wait_ready(struct alsa_state *s)
{
    unsigned short events = 0;
    int n = poll_all(s);
    if (n < 0)
        return -errno;
    if (n == 0)
        return -ETIMEDOUT;
    int code = snd_pcm_poll_descriptors_revents(s->pcm, s->descriptors,
                                                (unsigned)s->descriptor_count, &events);
    if (code < 0 || !(events & (POLLERR | POLLNVAL)))
        return code;
    snd_pcm_state_t state = snd_pcm_state(s->pcm);
    return state == SND_PCM_STATE_DISCONNECTED ? -ENODEV
           : state == SND_PCM_STATE_XRUN       ? -EPIPE
           : state == SND_PCM_STATE_SUSPENDED  ? -ESTRPIPE
                                               : -EIO;
}

/* A loudspeaker with nothing to say is stopped, and started anew when woken. */
static int rest(struct alsa_state *s)
{
    snd_pcm_drop(s->pcm);
    while (audio_impl_asleep(s->device) && !audio_impl_stopping(s->device)) {
        struct pollfd wake = {.fd = s->wake, .events = POLLIN};
        poll(&wake, 1, -1);
        clear_wake(s);
    }
    return start_pcm(s);
}

/* Move samples until told to stop (0) or the card is gone (negative code). */
static int serve(struct alsa_state *s)
{
    int code = start_pcm(s);
    while (!audio_impl_stopping(s->device)) {
        if (code == 0)
            code = move(s);
        if (code == 0) {
            hold_to_clock(s);
            code = audio_impl_sleep(s->device) ? rest(s) : wait_ready(s);
        }
        if (code < 0 && (code = recover(s, code)) < 0)
            return code;
    }
    return 0;
}

static void report_lost(struct alsa_state *s, int code)
{
    struct error error;
    error_set(&error, STATUS_DEVICE_LOST, "alsa: %.120s: %s", pcm_name(s), snd_strerror(code));
    audio_impl_report(s->device, AUDIO_LOST, &error);
}

static void wait_unless_stopping(struct alsa_state *s, int64_t ns)
{
    struct pollfd wake = {.fd = s->wake, .events = POLLIN};
    poll(&wake, 1, (int)(ns / CLOCK_NS_PER_MS));
    clear_wake(s);
}

static bool reopen(struct alsa_state *s)
{
    close_pcm(s);
    for (unsigned attempt = 0; !audio_impl_stopping(s->device); attempt++) {
        wait_unless_stopping(s, audio_impl_backoff_ns(attempt));
        if (audio_impl_stopping(s->device) || open_pcm(s, NULL) != STATUS_OK)
            continue;
        audio_impl_report(s->device, AUDIO_REOPENED, NULL);
        return true;
    }
    return false;
}

static void run(void *context)
{
    struct alsa_state *s = context;
    int code;
    snd_lib_error_set_local(be_quiet);
    while ((code = serve(s)) < 0) {
        report_lost(s, code);
        if (!reopen(s))
            return;
    }
    if (s->pcm)
        snd_pcm_drop(s->pcm);
}

static void alsa_close(struct audio_device *d)
{
    struct alsa_state *s = d->state;
    close_pcm(s);
    if (s->wake >= 0)
        close(s->wake);
    free(s);
}

static enum status alsa_open(struct audio_device *d, struct error *ret_error)
{
    struct alsa_state *s = mem_calloc(1, sizeof(*s));
    if (!s)
        return error_set(ret_error, STATUS_NO_MEMORY, "alsa: no memory for a sound device");
    d->state = s;
    s->device = d;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum status status =
        s->wake >= 0 ? open_pcm(s, ret_error) : fail_alsa(s, -errno, "wait for it", ret_error);
    if (status != STATUS_OK) {
        alsa_close(d);
        return status;
    }
    snprintf(d->description, sizeof(d->description), "alsa: %.120s (%u Hz, %u channels, %s)",
             pcm_name(s), s->rate, s->channels, wav_encoding_name(s->encoding));
    return STATUS_OK;
}

static enum status alsa_start(struct audio_device *d, struct error *ret_error)
{
    struct alsa_state *s = d->state;
    const struct thread_config config = {
        .name = "audio-alsa", .run = run, .context = s, .realtime_priority = AUDIO_RT_PRIORITY};
    return thread_start(&s->thread, &config, ret_error);
}

static enum status alsa_stop(struct audio_device *d, struct error *ret_error)
{
    struct alsa_state *s = d->state;
    (void)ret_error;
    eventfd_write(s->wake, 1);
    thread_join(&s->thread);
    return STATUS_OK;
}

static void alsa_wake(void *device)
{
    const struct audio_device *d = device;
    eventfd_write(((struct alsa_state *)d->state)->wake, 1);
}

static void list_one(void *hint, enum audio_direction direction, audio_list_function *function,
                     void *context)
{
    char *name = snd_device_name_get_hint(hint, "NAME");
    char *text = snd_device_name_get_hint(hint, "DESC");
    char *way = snd_device_name_get_hint(hint, "IOID"); /* NULL: both */
    bool fits = !way || strcmp(way, direction == AUDIO_CAPTURE ? "Input" : "Output") == 0;
    for (char *c = text; c && *c; c++)
        if (*c == '\n')
            *c = ' ';
    if (name && fits) {
        const struct audio_device_info info = {"alsa", name, text ? text : "", direction,
                                               strcmp(name, "default") == 0};
        function(context, &info);
    }
    free(name), free(text), free(way);
}

static enum status alsa_list(audio_list_function *function, void *context, struct error *ret_error)
{
    void **hints = NULL;
    snd_lib_error_set_local(be_quiet);
    int code = snd_device_name_hint(-1, "pcm", &hints);
    if (code < 0)
        return error_set(ret_error, STATUS_NOT_FOUND, "alsa: cannot list devices: %s",
                         snd_strerror(code));
    for (void **hint = hints; *hint; hint++) {
        list_one(*hint, AUDIO_CAPTURE, function, context);
        list_one(*hint, AUDIO_PLAYBACK, function, context);
    }
    snd_device_name_free_hint(hints);
    return STATUS_OK;
}

const struct audio_backend audio_backend_alsa = {
    .name = "alsa",
    .open = alsa_open,
    .start = alsa_start,
    .stop = alsa_stop,
    .close = alsa_close,
    .wake = alsa_wake,
    .list = alsa_list,
};
