#include "paced.h"

/* A machine that slept does not replay the time it slept. */
static const int64_t hole_ns = 200 * CLOCK_NS_PER_MS;

void paced_init(struct paced *p, struct audio_device *device,
                enum status (*move)(struct audio_device *, struct error *))
{
    *p = (struct paced){.device = device, .move = move};
}

static int64_t due_ns(const struct paced *p, uint64_t moved)
{
    uint64_t rate = p->device->config.rate;
    return p->start_ns +
           (int64_t)(moved / rate * CLOCK_NS_PER_S + moved % rate * CLOCK_NS_PER_S / rate);
}

static void skip_hole(struct paced *p, int64_t now_ns)
{
    int64_t late_ns = now_ns - due_ns(p, p->moved);
    if (p->device->config.clock->is_virtual || late_ns < hole_ns)
        return;
    p->start_ns += late_ns;
    audio_impl_xrun(p->device);
}

enum status paced_catch_up(struct paced *p, struct error *ret_error)
{
    struct audio_device *d = p->device;
    uint32_t period = d->config.period_frames;
    int64_t now_ns = clock_now_ns(d->config.clock);
    skip_hole(p, now_ns);
    while (due_ns(p, p->moved + period) <= now_ns) {
        TRY(p->move(d, ret_error));
        p->moved += period;
        audio_impl_set_delay(d, 0, due_ns(p, p->moved));
    }
    return STATUS_OK;
}

static void run(void *context)
{
    struct paced *p = context;
    struct error error = {0};
    while (!audio_impl_stopping(p->device)) {
        if (paced_catch_up(p, &error) != STATUS_OK) {
            audio_impl_report(p->device, AUDIO_FAILED, &error);
            return;
        }
        clock_sleep_until(p->device->config.clock,
                          due_ns(p, p->moved + p->device->config.period_frames));
    }
}

enum status paced_start(struct paced *p, struct error *ret_error)
{
    const struct thread_config config = {
        .name = "audio-paced", .run = run, .context = p, .realtime_priority = AUDIO_RT_PRIORITY};
    p->start_ns = clock_now_ns(p->device->config.clock);
    if (p->device->config.clock->is_virtual)
        return STATUS_OK;
    return thread_start(&p->thread, &config, ret_error);
}

void paced_stop(struct paced *p)
{
    thread_join(&p->thread);
}
