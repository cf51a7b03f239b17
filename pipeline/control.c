#include "control.h"

#include <stdio.h>
#include <string.h>

void control_init(struct control *control, const struct control_config *config)
{
    *control = (struct control){.config = *config, .state = TURN_IDLE};
}

static uint32_t turn_now(const struct control *c)
{
    return atomic_load(c->config.turn);
}

static void send_words(struct control *c, enum linnet_event_kind kind, const char *text,
                       float confidence)
{
    struct linnet_event event = event_make(&c->config.events, kind, turn_now(c));
    snprintf(event.words.text, sizeof(event.words.text), "%s", text);
    event.words.confidence = confidence;
    event_send(&c->config.events, &event);
}

static void ask_mind(struct control *c, enum mind_request_kind kind)
{
    struct mind_request request = {.kind = kind, .turn = turn_now(c), .confidence = c->confidence};
    bool has_text = kind == MIND_ANSWER || kind == MIND_TELL;
    snprintf(request.text, sizeof(request.text), "%s", has_text ? c->text : "");
    request.sound = c->sound;
    c->mind_finished = false;
    c->spoke = false;
    if (mailbox_post(c->config.requests, &request) != STATUS_OK) {
        event_send_text(&c->config.events, LINNET_EVENT_ERROR, turn_now(c),
                        "the mind is too busy to take a request");
        c->mind_finished = true;
    }
}

static void deafen(struct control *c)
{
    ears_deafen(c->config.ears);
    far_ears_stop(c->config.far);
    c->asking = false;
}

static void listen_from(struct control *c, uint64_t frame)
{
    c->listens_from = frame;
    ears_listen(c->config.ears, frame);
    far_ears_begin(c->config.far, turn_now(c), frame * MEL_HOP);
    event_send_text(&c->config.events, LINNET_EVENT_LISTENING, turn_now(c), "");
    if (c->config.warm)
        ask_mind(c, MIND_WARM);
}

/* Carry out what the table decided. `frame` is where listening begins. */
static void perform(struct control *c, enum turn_event event, uint64_t frame)
{
    struct turn_step step = turn_fsm(c->state, event);
    if (step.actions & TURN_DEAFEN)
        deafen(c);
    if (step.actions & TURN_SILENCE)
        voice_cut(c->config.voice);
    if (step.actions & TURN_CLOSE)
        event_send_text(&c->config.events, LINNET_EVENT_DONE, turn_now(c), c->close_reason);
    if (step.actions & TURN_OPEN)
        atomic_fetch_add(c->config.turn, 1);
    c->state = step.state;
    if (step.actions & TURN_LISTEN)
        listen_from(c, frame);
    if (step.actions & TURN_THINK)
        ask_mind(c, c->request);
    if (step.actions & TURN_ANNOUNCE)
        ask_mind(c, MIND_ANNOUNCE);
    if (step.actions & TURN_DEFER)
        c->reminder_waits = true;
}

static void on_wake(struct control *c, const struct front_frame *frame)
{
    struct linnet_event event = event_make(&c->config.events, LINNET_EVENT_WAKE, turn_now(c) + 1);
    snprintf(event.wake.word, sizeof(event.wake.word), "%s",
             front_word(c->config.front, frame->wake_word));
    event.wake.score = frame->wake_score;
    event_send(&c->config.events, &event);
    perform(c, TURN_EVENT_WAKE, frame->wake_end + 1);
}

/* What the ears listened to, in samples (mel.h). */
static struct sound_range sound_of(const struct control *c)
{
    return (struct sound_range){c->listens_from * MEL_HOP, c->last_frame * MEL_HOP + MEL_WINDOW};
}

static void on_words(struct control *c, const struct ears_result *result)
{
    snprintf(c->text, sizeof(c->text), "%s", result->text);
    c->confidence = result->confidence;
    c->request = MIND_ANSWER;
    send_words(c, LINNET_EVENT_FINAL, result->text, result->confidence);
    perform(c, TURN_EVENT_ENDPOINT, 0);
}

static void on_silence(struct control *c)
{
    c->close_reason = "no words were heard";
    perform(c, TURN_EVENT_NOTHING_SAID, 0);
}

/* Whoever should have listened did not, and the device cannot or shall not. */
static void on_deafness(struct control *c)
{
    snprintf(c->text, sizeof(c->text), "Sorry, I can't hear you right now.");
    c->sound = (struct sound_range){0};
    c->request = MIND_TELL;
    perform(c, TURN_EVENT_ENDPOINT, 0);
}

/* Words of the request are known, wherever they come from. */
static void on_result(struct control *c, const struct ears_result *result)
{
    c->asking = false;
    if (*result->text)
        on_words(c, result);
    else if (far_ears_answered(c->config.far))
        on_silence(c);
    else
        on_deafness(c);
}

static void on_endpoint(struct control *c)
{
    struct ears_result result;
    ears_finish(c->config.ears, &result);
    c->sound = sound_of(c);
    c->asking = c->config.far != NULL;
    if (c->asking)
        far_ears_end(c->config.far, c->sound.to, &result);
    else
        on_result(c, &result);
}

/* See to other people's ears. */
static void ask_around(struct control *c)
{
    struct ears_result result;
    far_ears_step(c->config.far);
    if (c->asking && far_ears_result(c->config.far, &result))
        on_result(c, &result);
}

static void on_no_speech(struct control *c)
{
    c->close_reason = "nothing was said";
    perform(c, TURN_EVENT_NOTHING_SAID, 0);
}

/* A partial goes to whoever watches, and to the mind, which reads along and judges it. A full
 * mailbox loses nothing but time. */
static void on_partial(struct control *c, const char *text)
{
    struct mind_request request = {
        .kind = MIND_PREPARE, .turn = turn_now(c), .serial = ++c->partials};
    send_words(c, LINNET_EVENT_PARTIAL, text, 0);
    snprintf(request.text, sizeof(request.text), "%s", text);
    mailbox_post(c->config.requests, &request);
}

static void listen(struct control *c)
{
    char text[LINNET_TEXT_BYTES];
    enum endpoint_decision decision = ears_decision(c->config.ears);
    if (ears_partial(c->config.ears, text, sizeof(text)))
        on_partial(c, text);
    if (decision == ENDPOINT_NO_SPEECH)
        on_no_speech(c);
    else if (decision != ENDPOINT_WAIT)
        on_endpoint(c);
}

void control_frame(struct control *c, const struct front_frame *frame)
{
    ears_hear(c->config.ears, frame);
    c->last_frame = frame->index;
    if (frame->wake_word >= 0)
        on_wake(c, frame);
    else if (c->state == TURN_LISTENING && !c->asking)
        listen(c);
    control_poll(c);
}

void control_text(struct control *c, const char *text)
{
    snprintf(c->text, sizeof(c->text), "%s", text);
    c->confidence = 1;
    c->sound = (struct sound_range){0};
    c->request = MIND_ANSWER;
    perform(c, TURN_EVENT_TEXT, 0);
}

void control_talk(struct control *c, uint64_t frame)
{
    perform(c, TURN_EVENT_WAKE, frame);
}

static void on_report(struct control *c, const struct mind_report *report)
{
    if (report->kind == MIND_REMINDER) {
        perform(c, TURN_EVENT_REMINDER, 0);
        return;
    }
    if (report->turn != turn_now(c))
        return;
    if (report->kind == MIND_FINISHED)
        c->mind_finished = true;
    if (report->kind == MIND_SPEAKS)
        c->spoke = true;
    if (report->kind == MIND_JUDGED && report->serial == c->partials)
        ears_judge_end(c->config.ears, report->end_score);
}

void control_poll(struct control *c)
{
    struct mind_report report;
    while (mailbox_take(c->config.reports, &report) == STATUS_OK)
        on_report(c, &report);
    ask_around(c);
    bool busy = c->state == TURN_THINKING || c->state == TURN_SPEAKING;
    if (c->state == TURN_THINKING && c->spoke && voice_has_sounded(c->config.voice, turn_now(c))) {
        event_send_text(&c->config.events, LINNET_EVENT_FIRST_SOUND, turn_now(c), "");
        perform(c, TURN_EVENT_REPLY_STARTED, 0);
    }
    if (busy && c->mind_finished && voice_is_silent(c->config.voice)) {
        c->close_reason = "answered";
        perform(c, TURN_EVENT_REPLY_ENDED, 0);
    }
    if (c->reminder_waits && c->state == TURN_IDLE) {
        c->reminder_waits = false;
        perform(c, TURN_EVENT_REMINDER, 0);
    }
}
