/* Linnet's public interface: a whole voice assistant behind one opaque engine.
 *
 * Push/pull, for embedders, replays and tests; time is the count of samples pushed, so the same
 * input gives the same events and the same sound, bit for bit:
 *
 *     struct linnet_config config;
 *     linnet_config_defaults(&config);
 *     linnet_create(&config, &linnet, &error);
 *     while (have samples) {
 *         linnet_push(linnet, samples, n);           // 16 kHz mono, -1..1, any n
 *         linnet_pull(linnet, voice, n * 3 / 2);     // 24 kHz mono: the voice, or silence
 *         while (linnet_poll(linnet, &event))
 *             ...
 *     }
 *     linnet_destroy(linnet);
 *
 * Only while a provider elsewhere is asked (none is unless the configuration names one) does a push
 * wait, as long as its samples sound: then both kinds of time go together.
 *
 * Live, with devices and threads of its own: see live.h.
 *
 * Thread: one at a time for all functions of one engine; none of them is for an audio callback. */
#ifndef LINNET_H
#define LINNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define LINNET_API __attribute__((visibility("default")))

enum {
    LINNET_INPUT_RATE = 16000,
    LINNET_VOICE_RATE = 24000,
    LINNET_TEXT_BYTES = 512,
    LINNET_NAME_BYTES = 32,
    LINNET_REASON_BYTES = 192,
    LINNET_ARGS_MAX = 4,
};

/* What to create. Strings are copied. */
struct linnet_config {
    const char *file;       /* YAML configuration, NULL for defaults */
    const char *models_dir; /* overrides the file's; NULL: the file's, or the built-in place */
    const char *state;      /* overrides the file's; ":memory:" keeps nothing */
    const char *const *set; /* NULL-terminated "key=value" overrides, or NULL */
    const char *compare;    /* a routing policy to try beside the configured one, or NULL */
    int64_t start_unix;     /* wall clock at the first sample, unix seconds */
};

enum linnet_event_kind {
    LINNET_EVENT_WAKE,        /* .wake */
    LINNET_EVENT_LISTENING,   /* the recogniser has started */
    LINNET_EVENT_PARTIAL,     /* .words: best guess so far */
    LINNET_EVENT_FINAL,       /* .words */
    LINNET_EVENT_ROUTE,       /* .route */
    LINNET_EVENT_BESIDE,      /* .route: what another policy would have done */
    LINNET_EVENT_TOOL,        /* .tool */
    LINNET_EVENT_REPLY,       /* .text: one clause of the reply, as given to the voice */
    LINNET_EVENT_FIRST_SOUND, /* the first sample of the reply leaves */
    LINNET_EVENT_DONE,        /* .text: why the turn ended */
    LINNET_EVENT_REMINDER,    /* .text: a timer or an alarm goes off */
    LINNET_EVENT_VOLUME,      /* .volume: percent */
    LINNET_EVENT_CLOUD,       /* .text: what a provider did, "NAME: ..." */
    LINNET_EVENT_ERROR,       /* .text */
    LINNET_EVENT_KIND_COUNT
};

struct linnet_arg {
    char name[LINNET_NAME_BYTES];
    char value[128];
};

struct linnet_event {
    enum linnet_event_kind kind;
    uint32_t turn;  /* counts from 1; 0 outside any turn */
    double seconds; /* on the engine's clock */
    union {
        struct {
            char word[LINNET_NAME_BYTES];
            float score;
        } wake;
        struct {
            char text[LINNET_TEXT_BYTES];
            float confidence;
        } words;
        struct {
            char route[LINNET_NAME_BYTES]; /* tool, reply, cloud, unheard, refused */
            char reason[LINNET_REASON_BYTES];
            float confidence;
        } route;
        struct {
            char name[LINNET_NAME_BYTES];
            int arg_count;
            struct linnet_arg args[LINNET_ARGS_MAX];
        } tool;
        char text[LINNET_TEXT_BYTES];
        int volume;
    };
};

struct linnet;

LINNET_API void linnet_config_defaults(struct linnet_config *config);

/* Load the models and make an engine. Errors name the file and what was expected. */
LINNET_API enum status linnet_create(const struct linnet_config *config, struct linnet **ret_linnet,
                                     struct error *ret_error);
LINNET_API void linnet_destroy(struct linnet *linnet);

/* Hear n samples and do all the work they cause. */
LINNET_API void linnet_push(struct linnet *linnet, const float *samples, size_t n);

/* Take n samples of voice; what is not there is silence. Returns how many were voice. */
LINNET_API size_t linnet_pull(struct linnet *linnet, float *samples, size_t n);

/* Take the oldest event; false when there is none. */
LINNET_API bool linnet_poll(struct linnet *linnet, struct linnet_event *ret_event);

/* The same, waiting up to `timeout_ns` for one (live engines; negative: for ever). Thread: any. */
LINNET_API bool linnet_wait(struct linnet *linnet, struct linnet_event *ret_event,
                            int64_t timeout_ns);

/* A typed request instead of a spoken one; the answer comes as events and as voice. STATUS_LIMIT
 * for a text longer than LINNET_TEXT_BYTES - 1. */
LINNET_API enum status linnet_ask(struct linnet *linnet, const char *text, struct error *ret_error);

/* Open a turn as if the wake word had been said (a button). */
LINNET_API void linnet_talk(struct linnet *linnet);

/* True while nothing is going on: no turn is open and no voice is left to pull. */
LINNET_API bool linnet_is_idle(const struct linnet *linnet);

#endif
