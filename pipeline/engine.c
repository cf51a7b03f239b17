#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "json_own_word.h"
#include "models_dir.h"
#include "state_path.h"

enum { EVENTS_MAX = 512, REQUESTS_MAX = 16, REPORTS_MAX = 256, PATH_BYTES = 512 };
enum { FRAME_NS = 10000000 };

void linnet_config_defaults(struct linnet_config *config)
{
    *config = (struct linnet_config){0};
}

static enum status apply_overrides(struct config *options, const char *const *set,
                                   struct error *ret_error)
{
    for (; set && *set; set++) {
        char key[64];
        const char *equals = strchr(*set, '=');
        if (!equals || equals == *set || (size_t)(equals - *set) >= sizeof(key))
            return error_set(ret_error, STATUS_INVALID_ARGUMENT, "\"%s\": expected KEY=VALUE",
                             *set);
        snprintf(key, sizeof(key), "%.*s", (int)(equals - *set), *set);
        TRY(config_set(options, key, equals + 1, ret_error));
    }
    return STATUS_OK;
}

/* Names in the file are relative to its folder. */
static enum status read_privacy(struct linnet *l, const struct yaml_tree *tree, const char *path,
                                struct error *ret_error)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    return privacy_read(tree, yaml_item_find(yaml_tree_root(tree), "privacy"),
                        *folder ? folder : "/", &l->privacy, ret_error);
}

/* Each owner reads its section of one tree. */
static enum status read_sections(struct linnet *l, const struct yaml_tree *tree, const char *path,
                                 struct error *ret_error)
{
    TRY(config_read(&l->options, tree, ret_error));
    TRY(cloud_config_read(&l->cloud, tree, ret_error));
    TRY(read_privacy(l, tree, path, ret_error));
    if (*l->cloud.wake_word)
        TRY(config_set(&l->options, "wake.word", l->cloud.wake_word, ret_error));
    return STATUS_OK;
}

static enum status read_file(struct linnet *l, const char *path, struct error *ret_error)
{
    struct yaml_tree *tree;
    TRY(yaml_tree_load(path, &tree, ret_error));
    enum status status = read_sections(l, tree, path, ret_error);
    yaml_tree_destroy(tree);
    return status;
}

static enum status choose_comparison(const char *name, struct linnet *l, struct error *ret_error)
{
    enum route_policy_kind kind;
    if (!name)
        return STATUS_OK;
    if (!route_policy_kind_of(name, &kind))
        return error_set(ret_error, STATUS_INVALID_ARGUMENT,
                         "\"%s\" is no routing policy: expected prefer-device, latency-aware, "
                         "complexity or offline-first",
                         name);
    l->compare = route_policy_name(kind);
    return STATUS_OK;
}

static enum status read_options(const struct linnet_config *config, struct linnet *l,
                                struct error *ret_error)
{
    config_defaults(&l->options);
    cloud_config_defaults(&l->cloud);
    if (config->file)
        TRY(read_file(l, config->file, ret_error));
    else
        TRY(privacy_create(NULL, 0, &l->privacy, ret_error));
    TRY(apply_overrides(&l->options, config->set, ret_error));
    TRY(choose_comparison(config->compare, l, ret_error));
    if (config->models_dir)
        TRY(config_set(&l->options, "models", config->models_dir, ret_error));
    if (config->state)
        TRY(config_set(&l->options, "state", config->state, ret_error));
    return STATUS_OK;
}

struct model_paths {
    char wake[PATH_BYTES], asr[PATH_BYTES], language[PATH_BYTES], lm[PATH_BYTES], tts[PATH_BYTES],
        lexicon[PATH_BYTES];
};

static void find_models(const struct config *options, struct model_paths *paths)
{
    const char *dir = options->models_dir;
    models_dir_file(dir, "wake.gguf", paths->wake, PATH_BYTES);
    models_dir_file(dir, "asr.gguf", paths->asr, PATH_BYTES);
    models_dir_file(dir, "asr-lm.gguf", paths->language, PATH_BYTES);
    models_dir_file(dir, "lm.gguf", paths->lm, PATH_BYTES);
    models_dir_file(dir, "tts.gguf", paths->tts, PATH_BYTES);
    models_dir_file(dir, "en-us.gguf", paths->lexicon, PATH_BYTES);
}

static enum status create_mailboxes(struct linnet *l, struct error *ret_error)
{
    TRY(mailbox_create(EVENTS_MAX, sizeof(struct linnet_event), &l->events, ret_error));
    TRY(mailbox_create(REQUESTS_MAX, sizeof(struct mind_request), &l->requests, ret_error));
    return mailbox_create(REPORTS_MAX, sizeof(struct mind_report), &l->reports, ret_error);
}

/* A model that is not there is no error where another Linnet may do its stage. */
static const char *model_of(const char *path, const struct cloud_lenders *lenders)
{
    return lenders->count > 0 && access(path, F_OK) != 0 ? NULL : path;
}

static enum status create_ears(struct linnet *l, const struct model_paths *paths,
                               struct error *ret_error)
{
    char own[PATH_BYTES];
    if (*l->options.wake_own)
        TRY(own_word_path(l->options.state, l->options.wake_own, own, sizeof(own), ret_error));
    const struct front_config front = {
        .own = *l->options.wake_own ? own : NULL,
        .model_path = paths->wake,
        .word = l->options.wake_word,
        .threshold = (float)l->options.wake_threshold,
        .typed = {.acoustic_path = paths->asr,
                  .lexicon_path = paths->lexicon,
                  .language_path = model_of(paths->language, &l->link.ears),
                  .phrase = l->options.wake_typed,
                  .force = l->options.wake_force},
    };
    const struct ears_config ears = {
        .model_path = model_of(paths->asr, &l->link.ears),
        .language_path = paths->language,
        .words = l->options.own_words,
        .lexicon_path = paths->lexicon,
        .endpoint = {.short_pause_ms = (int)l->options.short_pause_ms,
                     .long_pause_ms = (int)l->options.long_pause_ms,
                     .no_speech_ms = (int)l->options.no_speech_ms,
                     .max_turn_ms = (int)l->options.max_turn_ms},
    };
    TRY(front_create(&front, &l->front, ret_error));
    return ears_create(&ears, &l->ears, ret_error);
}

/* Other people's ears; the device's own are there already. */
static enum status create_far_ears(struct linnet *l, struct error *ret_error)
{
    const struct far_ears_config config = {
        .cloud = &l->cloud,
        .providers = l->link.ears.providers,
        .events = l->link.ears.events,
        .clock = &l->clock,
        .privacy = l->privacy,
        .is_private = &l->is_private,
        .sound_log = l->sound_log,
        .post = {.events = l->events, .clock = &l->clock},
        .device_hears = ears_has_words(l->ears),
        .min_confidence = (float)l->options.min_words_confidence,
        .total_wait_ms = (int)l->options.total_wait_ms,
    };
    if (l->link.ears.count == 0 || !l->sound_log)
        return STATUS_OK;
    return far_ears_create(&config, &l->far_ears, ret_error);
}

static enum status create_far_voice(struct linnet *l, bool device_speaks, struct error *ret_error)
{
    const struct far_voice_config config = {
        .cloud = &l->cloud,
        .providers = l->link.voices.providers,
        .events = l->link.voices.events,
        .clock = &l->clock,
        .privacy = l->privacy,
        .is_private = &l->is_private,
        .post = {.events = l->events, .clock = &l->clock},
        .device_speaks = device_speaks,
    };
    return l->link.voices.count ? far_voice_create(&config, &l->far_voice, ret_error) : STATUS_OK;
}

static enum status create_voice(struct linnet *l, const struct model_paths *paths,
                                struct error *ret_error)
{
    const char *model = model_of(paths->tts, &l->link.voices);
    TRY(create_far_voice(l, model != NULL, ret_error));
    const struct voice_config voice = {
        .far = l->far_voice,
        .model_path = model,
        .lexicon_path = paths->lexicon,
        .turn = &l->turn,
        .volume = &l->volume,
    };
    return voice_create(&voice, &l->voice, ret_error);
}

/* A stage that names somebody who cannot do it. */
static void tell_useless(const struct linnet *l, const struct event_post *post)
{
    static const enum cloud_stage stages[] = {STAGE_TRANSCRIBE, STAGE_SYNTHESIZE};
    for (int s = 0; s < 2; s++) {
        const struct cloud_order *order = &l->cloud.order[stages[s]];
        for (int i = 0; i < order->count; i++) {
            char text[LINNET_TEXT_BYTES];
            if (order->place[i] == CLOUD_DEVICE ||
                cloud_provider_lends(&l->cloud.providers[order->place[i]]))
                continue;
            snprintf(text, sizeof(text), "%s: passed over in the stage %s: only a linnet does that",
                     l->cloud.providers[order->place[i]].name, cloud_stage_name(stages[s]));
            event_send_text(post, LINNET_EVENT_CLOUD, 0, text);
        }
    }
}

/* Providers whose keys are not there are told of once. */
static void tell_problems(struct linnet *l)
{
    const struct event_post post = {.events = l->events, .clock = &l->clock};
    tell_useless(l, &post);
    for (int i = 0; i < l->cloud.provider_count; i++) {
        char text[LINNET_TEXT_BYTES];
        if (l->link.providers[i])
            continue;
        snprintf(text, sizeof(text), "%s: %.400s", l->cloud.providers[i].name,
                 l->link.problems[i].text);
        event_send_text(&post, LINNET_EVENT_CLOUD, 0, text);
    }
}

/* Kept only when somebody may have it. */
static enum status create_sound_log(struct linnet *l, struct error *ret_error)
{
    for (int i = 0; i < l->cloud.provider_count; i++) {
        if (l->cloud.providers[i].send_audio)
            return sound_log_create(&l->sound_log, ret_error);
    }
    return STATUS_OK;
}

static enum status create_link(struct linnet *l, struct error *ret_error)
{
    atomic_init(&l->is_private, l->options.is_private);
    TRY(cloud_link_init(&l->link, &l->cloud, &l->options, &l->clock, ret_error));
    if (!l->link.open)
        return STATUS_OK;
    tell_problems(l);
    return create_sound_log(l, ret_error);
}

static void describe_outside(struct linnet *l, const char *state)
{
    l->outside = (struct outside_config){
        .cloud = &l->cloud,
        .options = &l->options,
        .providers = l->link.providers,
        .events = l->link.events,
        .privacy = l->privacy,
        .state_path = state,
        .clock = &l->clock,
        .sound_log = l->sound_log,
    };
}

static enum status create_mind(struct linnet *l, const struct model_paths *paths,
                               struct error *ret_error)
{
    char state[PATH_BYTES];
    TRY(state_path(l->options.state, state, sizeof(state), ret_error));
    describe_outside(l, state);
    const struct mind_config mind = {
        .model_path = paths->lm,
        .state_path = state,
        .options = &l->options,
        .voice = l->voice,
        .events = {.events = l->events, .clock = &l->clock},
        .requests = l->requests,
        .reports = l->reports,
        .turn = &l->turn,
        .volume = &l->volume,
        .outside = l->link.open ? &l->outside : NULL,
        .compare = l->compare,
        .is_private = &l->is_private,
    };
    return mind_create(&mind, &l->mind, ret_error);
}

static enum status prepare(struct linnet *l, struct error *ret_error)
{
    struct model_paths paths;
    find_models(&l->options, &paths);
    atomic_init(&l->volume, (int)l->options.volume);
    TRY(create_mailboxes(l, ret_error));
    TRY(create_link(l, ret_error));
    TRY(create_ears(l, &paths, ret_error));
    TRY(create_far_ears(l, ret_error));
    TRY(create_voice(l, &paths, ret_error));
    TRY(create_mind(l, &paths, ret_error));
    const struct control_config control = {
        .front = l->front,
        .ears = l->ears,
        .far = l->far_ears,
        .warm = l->link.open && l->options.warm,
        .voice = l->voice,
        .events = {.events = l->events, .clock = &l->clock},
        .requests = l->requests,
        .reports = l->reports,
        .turn = &l->turn,
    };
    control_init(&l->control, &control);
    return STATUS_OK;
}

enum status linnet_create(const struct linnet_config *config, struct linnet **ret_linnet,
                          struct error *ret_error)
{
    struct linnet *l = calloc(1, sizeof(*l));
    if (!l)
        return error_set(ret_error, STATUS_NO_MEMORY, "engine: out of memory");
    clock_init_real(&l->real);
    clock_init_virtual(&l->clock, config->start_unix * CLOCK_NS_PER_S);
    enum status status = read_options(config, l, ret_error);
    if (status == STATUS_OK)
        status = prepare(l, ret_error);
    if (status != STATUS_OK) {
        linnet_destroy(l);
        return status;
    }
    *ret_linnet = l;
    return STATUS_OK;
}

void linnet_destroy(struct linnet *l)
{
    if (!l)
        return;
    mind_destroy(l->mind);
    voice_destroy(l->voice);
    far_voice_destroy(l->far_voice);
    far_ears_destroy(l->far_ears);
    cloud_link_finish(&l->link);
    sound_log_destroy(l->sound_log);
    privacy_destroy(l->privacy);
    ears_destroy(l->ears);
    front_destroy(l->front);
    mailbox_destroy(l->reports);
    mailbox_destroy(l->requests);
    mailbox_destroy(l->events);
    free(l);
}

/* Let the mind and the voice work until they have nothing to do or wait for playback. */
static void settle(struct linnet *l)
{
    while (mind_step(l->mind))
        control_poll(&l->control);
    control_poll(&l->control);
}

/* What comes from elsewhere is waited for. */
static int waits_on(const struct linnet *l)
{
    int fd = far_ears_fd(l->far_ears);
    return fd >= 0 ? fd : mind_waits_on(l->mind);
}

/* While an answer from outside is under way, a frame takes as long as it sounds. */
static void keep_pace(struct linnet *l)
{
    int fd = waits_on(l);
    int64_t now = clock_now_ns(&l->real);
    if (fd < 0) {
        l->pace_ns = 0;
        return;
    }
    l->pace_ns = l->pace_ns ? l->pace_ns + FRAME_NS : now + FRAME_NS;
    for (; fd >= 0 && now < l->pace_ns; now = clock_now_ns(&l->real)) {
        struct pollfd events = {.fd = fd, .events = POLLIN};
        const struct timespec left = {.tv_nsec = l->pace_ns - now};
        if (ppoll(&events, 1, &left, NULL) > 0)
            settle(l);
        fd = waits_on(l);
    }
}

static void hear_frame(struct linnet *l, const struct front_frame *frame)
{
    clock_advance(&l->clock, FRAME_NS);
    l->frames++;
    control_frame(&l->control, frame);
    if (l->frames % 100 == 0)
        mind_check_reminders(l->mind);
    settle(l);
    keep_pace(l);
}

void linnet_push(struct linnet *l, const float *samples, size_t n)
{
    struct front_frame frame;
    while (n > 0) {
        size_t taken = front_feed(l->front, samples, n);
        sound_log_write(l->sound_log, samples, taken);
        samples += taken;
        n -= taken;
        while (front_poll(l->front, &frame))
            hear_frame(l, &frame);
    }
}

size_t linnet_pull(struct linnet *l, float *samples, size_t n)
{
    return playout_render(voice_playout(l->voice), samples, n);
}

bool linnet_poll(struct linnet *l, struct linnet_event *ret_event)
{
    return mailbox_take(l->events, ret_event) == STATUS_OK;
}

bool linnet_wait(struct linnet *l, struct linnet_event *ret_event, int64_t timeout_ns)
{
    return mailbox_wait(l->events, ret_event, timeout_ns) == STATUS_OK;
}

enum status linnet_ask(struct linnet *l, const char *text, struct error *ret_error)
{
    if (strlen(text) >= LINNET_TEXT_BYTES)
        return error_set(ret_error, STATUS_LIMIT, "a request may have %d bytes at most",
                         LINNET_TEXT_BYTES - 1);
    control_text(&l->control, text);
    settle(l);
    return STATUS_OK;
}

void linnet_talk(struct linnet *l)
{
    control_talk(&l->control, l->frames);
}

bool linnet_is_idle(const struct linnet *l)
{
    return l->control.state == TURN_IDLE && voice_is_silent(l->voice);
}
