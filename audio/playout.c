#include "playout.h"

#include <string.h>

enum {
    FADE_MS = 5,
    VOLUME_RAMP_MS = 20,
};

static uint64_t load(const atomic_uint_least64_t *value)
{
    return atomic_load_explicit(value, memory_order_acquire);
}

static void store(atomic_uint_least64_t *value, uint64_t to)
{
    atomic_store_explicit(value, to, memory_order_release);
}

enum status playout_init(struct playout *p, const struct playout_config *config,
                         struct error *ret_error)
{
    if (config->rate < 1000 || config->prebuffer >= config->capacity)
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "playout: rate %u, capacity %zu, prebuffer %zu: expected a rate and a "
                         "prebuffer below the "
                         "capacity",
                         config->rate, config->capacity, config->prebuffer);
    memset(p, 0, sizeof(*p));
    p->config = *config;
    p->rt.volume = 1.0f;
    p->rt.volume_step = 1000.0f / (VOLUME_RAMP_MS * (float)config->rate);
    p->rt.fade_frames = config->rate * FADE_MS / 1000;
    atomic_init(&p->volume, 1.0f);
    return ring_init(&p->ring, config->capacity, ret_error);
}

void playout_finish(struct playout *p)
{
    if (p)
        ring_finish(&p->ring);
}

size_t playout_writable(const struct playout *p)
{
    return ring_writable(&p->ring);
}

/* `written` grows first: a cut in between may then name samples that are not there yet, which is
 * harmless, while the other order would let samples of a cut stream slip through. */
size_t playout_write(struct playout *p, const float *samples, size_t count)
{
    size_t room = playout_writable(p);
    if (count > room)
        count = room;
    atomic_store(&p->written, load(&p->written) + count);
    size_t done = ring_write(&p->ring, samples, count);
    playout_wake(p);
    return done;
}

void playout_set_waker(struct playout *p, void (*wake)(void *context), void *context)
{
    p->wake = wake;
    p->wake_context = context;
}

/* Either the writer sees `asleep` or we see what was written: both sides store first and look then,
 * in one total order. */
bool playout_sleep(struct playout *p)
{
    atomic_store(&p->asleep, true);
    if (atomic_load(&p->written) == atomic_load(&p->consumed))
        return true;
    atomic_store(&p->asleep, false);
    return false;
}

bool playout_is_asleep(const struct playout *p)
{
    return atomic_load(&p->asleep);
}

void playout_wake(struct playout *p)
{
    if (atomic_load(&p->asleep) && atomic_exchange(&p->asleep, false) && p->wake)
        p->wake(p->wake_context);
}

uint64_t playout_silent(const struct playout *p)
{
    return load(&p->silent);
}

void playout_end(struct playout *p)
{
    store(&p->ended, load(&p->written));
}

void playout_cut(struct playout *p)
{
    store(&p->cut, load(&p->written));
}

void playout_set_volume(struct playout *p, float volume)
{
    float clamped = volume >= 1.0f ? 1.0f : volume > 0.0f ? volume : 0.0f;
    atomic_store_explicit(&p->volume, clamped, memory_order_release);
}

float playout_volume(const struct playout *p)
{
    return atomic_load_explicit(&p->volume, memory_order_acquire);
}

static void move_volume(struct playout_rt *rt, float target)
{
    float away = target - rt->volume;
    if (away > rt->volume_step)
        rt->volume += rt->volume_step;
    else if (away < -rt->volume_step)
        rt->volume -= rt->volume_step;
    else
        rt->volume = target;
}

/* Forget `count` queued samples that a cut made worthless. */
static void skip(struct playout *p, uint64_t count)
{
    uint64_t done = 0;
    while (done < count) {
        size_t piece = (size_t)(count - done);
        ring_read_acquire(&p->ring, &piece);
        if (piece == 0)
            break;
        ring_read_commit(&p->ring, piece);
        done += piece;
    }
    store(&p->skipped, load(&p->skipped) + done);
    store(&p->consumed, load(&p->consumed) + done);
}

/* How many of the next samples may be played now, speech that a cut condemned being only good for
 * its fade. */
static size_t playable(struct playout *p, size_t wanted)
{
    struct playout_rt *rt = &p->rt;
    uint64_t consumed = load(&p->consumed), cut = load(&p->cut);
    size_t ready = ring_readable(&p->ring);
    if (cut > consumed) {
        if (rt->playing && rt->fade_left == 0)
            rt->fade_left = rt->fade_frames + 1;
        size_t condemned = cut - consumed < ready ? (size_t)(cut - consumed) : ready;
        size_t fade = rt->fade_left > 1 ? rt->fade_left - 1 : 0;
        ready = condemned < fade ? condemned : fade;
    } else {
        rt->fade_left = 0;
    }
    if (!rt->playing && ready > 0)
        rt->playing = ready > p->config.prebuffer || load(&p->ended) > consumed;
    if (!rt->playing)
        return 0;
    return ready < wanted ? ready : wanted;
}

static float fade_gain(struct playout_rt *rt)
{
    if (rt->fade_left <= 1)
        return 1.0f;
    rt->fade_left--;
    return (float)rt->fade_left / (float)(rt->fade_frames + 1);
}

static void render_speech(struct playout *p, float *ret_samples, size_t count)
{
    struct playout_rt *rt = &p->rt;
    float target = playout_volume(p);
    ring_read(&p->ring, ret_samples, count);
    for (size_t i = 0; i < count; i++) {
        move_volume(rt, target);
        ret_samples[i] *= rt->volume * fade_gain(rt);
    }
    if (count == 0)
        return;
    rt->last = ret_samples[count - 1];
    rt->last_step = rt->last / (float)rt->fade_frames;
    store(&p->silent, 0);
    store(&p->consumed, load(&p->consumed) + count);
}

/* Silence, entered from the last value on a straight line so that nothing clicks. */
static void render_silence(struct playout *p, float *ret_samples, size_t count)
{
    struct playout_rt *rt = &p->rt;
    float target = playout_volume(p);
    for (size_t i = 0; i < count; i++) {
        move_volume(rt, target);
        rt->last -= rt->last_step;
        if (rt->last * rt->last_step <= 0.0f)
            rt->last = rt->last_step = 0.0f;
        ret_samples[i] = rt->last;
    }
    store(&p->silent, load(&p->silent) + count);
}

/* The fade is over, or the condemned samples are. */
static void finish_cut(struct playout *p)
{
    uint64_t consumed = load(&p->consumed), cut = load(&p->cut);
    if (cut > consumed)
        skip(p, cut - consumed);
    p->rt.fade_left = 0;
    p->rt.playing = false;
}

static void run_dry(struct playout *p)
{
    if (!p->rt.playing)
        return;
    p->rt.playing = false;
    uint64_t consumed = load(&p->consumed);
    if (load(&p->ended) != consumed && load(&p->cut) != consumed)
        atomic_fetch_add_explicit(&p->underruns, 1, memory_order_relaxed);
}

size_t playout_render(struct playout *p, float *ret_samples, size_t count)
{
    size_t speech = 0;
    while (speech < count) {
        size_t n = playable(p, count - speech);
        if (n > 0) {
            render_speech(p, ret_samples + speech, n);
            speech += n;
        } else if (load(&p->cut) > load(&p->consumed)) {
            finish_cut(p);
            if (load(&p->cut) > load(&p->consumed))
                break; /* named by the cut, but not written yet */
        } else {
            run_dry(p);
            break;
        }
    }
    render_silence(p, ret_samples + speech, count - speech);
    return speech;
}

bool playout_is_idle(const struct playout *p)
{
    return load(&p->written) == load(&p->consumed);
}

uint64_t playout_written(const struct playout *p)
{
    return load(&p->written) - load(&p->skipped);
}

uint64_t playout_rendered(const struct playout *p)
{
    return load(&p->consumed) - load(&p->skipped);
}

uint64_t playout_heard(const struct playout *p, uint64_t delay)
{
    uint64_t silent = load(&p->silent), rendered = playout_rendered(p);
    uint64_t waiting = delay > silent ? delay - silent : 0;
    return rendered > waiting ? rendered - waiting : 0;
}

uint64_t playout_underruns(const struct playout *p)
{
    return load(&p->underruns);
}
