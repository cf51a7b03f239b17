#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_tools.h"
#include "mind_impl.h"

enum {
    ANSWER_BYTES_MAX = 2 * CLOUD_SPOKEN_BYTES,
    /* How long the first words of an answer wait for the end of their clause, and how many bytes of
     * whole words are enough then. */
    FIRST_WORDS_MS = 60,
    FIRST_WORDS_BYTES = 10,
    LAST_CALL_MS = 90,
};

static int64_t now(const struct mind *mind)
{
    return clock_now_ns(mind->config.events.clock);
}

static void tell(struct mind *mind, int place, const char *text)
{
    char line[LINNET_TEXT_BYTES];
    snprintf(line, sizeof(line), "%.63s: %.400s", outside_name(mind->outside, place), text);
    event_send_text(&mind->config.events, LINNET_EVENT_CLOUD, mind->turn, line);
}

/* ---- what the outside calls ---- */

static void say(void *context, const char *text)
{
    struct mind *mind = context;
    if (mind->stream.first_ns == 0)
        mind->stream.first_ns = now(mind);
    strbuf_append(&mind->stream.text, text);
}

/* Words that are heard as sound: told, not spoken. */
static void show(void *context, const char *text)
{
    struct mind *mind = context;
    strbuf_append(&mind->stream.text, text);
    mind->stream.shown = mind->stream.text.length;
}

static void sound(void *context, const void *pcm, size_t bytes)
{
    struct mind *mind = context;
    mind->stream.plays = true;
    mind->stream.sound_bytes += bytes;
    mind_report_speaks(mind);
    voice_play(mind->config.voice, mind->turn, pcm, bytes);
}

static void heard(void *context, const char *text)
{
    (void)context;
    (void)text; /* requests go out as words; what was heard is known */
}

static char *result_of(bool ok, const char *text)
{
    char *result;
    return json_tools_result(ok, text, &result, NULL) == STATUS_OK ? result : NULL;
}

static char *run_tool(void *context, const struct cloud_tool *call)
{
    struct mind *mind = context;
    struct tool_call tool;
    struct skill_reply reply;
    struct error error;
    if (call->cut)
        return result_of(false, "the arguments are too long");
    if (json_tools_read(call->name, call->arguments, &tool, &error) != STATUS_OK)
        return result_of(false, error.text);
    bool ok = mind_run_skill(mind, &tool, &reply);
    if (ok && reply.effect == SKILL_REPEAT)
        return result_of(true, mind->last_reply);
    return result_of(ok, reply.text);
}

static void fill(void *context)
{
    mind_say_clause(context, "Let me look that up.");
}

/* What is said by the device goes the way of the answer, behind what was said already. */
static void answer_here(struct mind *mind, const char *text)
{
    if (mind->stream.first_ns == 0)
        mind->stream.first_ns = now(mind);
    mind->stream.here = true;
    strbuf_append(&mind->stream.text, *strbuf_text(&mind->stream.text) ? " " : "");
    strbuf_append(&mind->stream.text, text);
}

static void use_device(void *context)
{
    struct mind *mind = context;
    struct skill_reply reply;
    if (mind->local_route == ROUTE_REPLY) {
        answer_here(mind, mind->local_reply);
        return;
    }
    if (!mind_run_skill(mind, &mind->local_tool, &reply))
        answer_here(mind, "Sorry, that went wrong.");
    else
        answer_here(mind, reply.effect == SKILL_REPEAT ? mind->last_reply : reply.text);
}

static void excuse(void *context, enum cloud_excuse why)
{
    static const char *const texts[EXCUSE_COUNT] = {
        [EXCUSE_UNREACHABLE] = "I can't reach the cloud right now.",
        [EXCUSE_BROKE_OFF] = "Sorry, the answer broke off.",
        [EXCUSE_TOOLS] = "Sorry, I could not finish that.",
    };
    answer_here(context, texts[why]);
}

static void trouble(void *context, int place, const char *text)
{
    mind_count(context, TELEMETRY_PROVIDER_FAILURES);
    tell(context, place, text);
}

static void end(void *context)
{
    struct mind *mind = context;
    mind->stream.ended = true;
    if (mind->stream.plays)
        voice_play_end(mind->config.voice, mind->turn);
}

/* ---- life ---- */

static void set_private(struct mind *mind, bool is_private)
{
    mind->is_private = is_private;
    if (mind->config.is_private)
        atomic_store(mind->config.is_private, is_private);
}

enum status mind_cloud_prepare(struct mind *mind, struct error *ret_error)
{
    const struct outside_host host = {
        .context = mind,
        .say = say,
        .show = show,
        .sound = sound,
        .heard = heard,
        .run_tool = run_tool,
        .fill = fill,
        .use_device = use_device,
        .excuse = excuse,
        .trouble = trouble,
        .end = end,
    };
    strbuf_init(&mind->stream.text, ANSWER_BYTES_MAX);
    set_private(mind, mind->config.options->is_private);
    if (!mind->config.outside)
        return STATUS_OK;
    return outside_create(mind->config.outside, &host, &mind->outside, ret_error);
}

void mind_cloud_finish(struct mind *mind)
{
    outside_destroy(mind->outside);
    strbuf_finish(&mind->stream.text);
}

bool mind_cloud_wish(struct mind *mind, const char *text)
{
    enum privacy_wish wish = privacy_wish(text);
    if (!mind->outside || wish == PRIVACY_NO_WISH)
        return false;
    set_private(mind, wish == PRIVACY_WISH_ON);
    mind_say(mind, mind->is_private ? "All right, from now on nothing leaves this device."
                                    : "All right, I may ask others again.");
    return true;
}

void mind_cloud_warm(struct mind *mind)
{
    if (mind->is_private || !mind->config.options->warm)
        return;
    if (mind->outside)
        outside_warm(mind->outside);
    voice_warm(mind->config.voice);
}

void mind_cloud_begin(struct mind *mind, const struct route_decision *decision,
                      const struct route_features *features, const char *spoken)
{
    struct mind_stream *stream = &mind->stream;
    strbuf_clear(&stream->text);
    stream->open = true;
    stream->ended = stream->here = stream->spoke = stream->plays = false;
    stream->fed = stream->shown = stream->sound_bytes = 0;
    stream->first_ns = 0;
    stream->waiting[0] = '\0';
    clause_init(&mind->splitter);
    outside_begin(mind->outside, decision, features, spoken);
}

void mind_cloud_refuse(struct mind *mind, const struct route_decision *decision)
{
    static const char *const texts[OBSTACLE_COUNT] = {
        [OBSTACLE_PRIVATE] = "I keep that on this device, and I can't answer it here.",
        [OBSTACLE_BUDGET] = "That could cost more than your budget allows.",
        [OBSTACLE_UNREACHABLE] = "I can't reach the cloud right now.",
        [OBSTACLE_SLOW] = "The cloud is too slow for that right now.",
    };
    const char *text = texts[decision->obstacle];
    if (decision->obstacle == OBSTACLE_PRIVATE)
        mind_count(mind, TELEMETRY_KEPT_PRIVATE);
    if (decision->obstacle == OBSTACLE_BUDGET)
        mind_count(mind, TELEMETRY_OVER_BUDGET);
    mind_say(mind, text ? text : "I need the cloud for that.");
}

/* ---- words to the voice ---- */

/* The first words do not wait for the end of a long clause. */
static bool first_words(struct mind *mind, char *clause, size_t size)
{
    const struct mind_stream *stream = &mind->stream;
    if (stream->spoke || stream->ended || stream->first_ns == 0)
        return false;
    int64_t waited_ms = (now(mind) - stream->first_ns) / CLOCK_NS_PER_MS;
    size_t enough = waited_ms >= LAST_CALL_MS ? 1 : FIRST_WORDS_BYTES;
    return waited_ms >= FIRST_WORDS_MS && clause_words(&mind->splitter, enough, clause, size);
}

static void feed_splitter(struct mind *mind)
{
    struct mind_stream *stream = &mind->stream;
    char part[CLAUSE_BUFFER_BYTES];
    const char *text = strbuf_text(&stream->text) + stream->fed;
    size_t room = sizeof(mind->splitter.text) - 1 - mind->splitter.used;
    size_t length = strlen(text);
    length = length < room ? length : room;
    memcpy(part, text, length);
    part[length] = '\0';
    clause_feed(&mind->splitter, part);
    stream->fed += length;
}

static bool all_fed(const struct mind_stream *stream)
{
    return strbuf_text(&stream->text)[stream->fed] == '\0';
}

/* One clause to the voice; false when there is none, or no room. */
static bool speak_next(struct mind *mind)
{
    struct mind_stream *stream = &mind->stream;
    if (!*stream->waiting) {
        feed_splitter(mind);
        stream->shows = stream->fed - mind->splitter.used < stream->shown;
        bool at_end = stream->ended && all_fed(stream);
        if (!clause_next(&mind->splitter, at_end, stream->waiting, sizeof(stream->waiting)) &&
            !first_words(mind, stream->waiting, sizeof(stream->waiting))) {
            stream->waiting[0] = '\0';
            return false;
        }
    }
    if (stream->shows)
        event_send_text(&mind->config.events, LINNET_EVENT_REPLY, mind->turn, stream->waiting);
    else if (!mind_say_clause(mind, stream->waiting))
        return false;
    stream->waiting[0] = '\0';
    stream->spoke = stream->spoke || !stream->shows;
    return true;
}

/* Of words that were heard as sound, those that were: cut where the sound was, at a blank. */
static size_t heard_length(const struct mind *mind, const char *said, int64_t heard_ms)
{
    size_t length = strlen(said);
    int64_t whole_ms = (int64_t)mind->stream.sound_bytes * 1000 / (2 * LINNET_VOICE_RATE);
    if (!mind->stream.plays || heard_ms < 0 || heard_ms >= whole_ms)
        return length;
    length = length * (size_t)heard_ms / (size_t)whole_ms;
    while (length > 0 && said[length] != ' ')
        length--;
    return length;
}

/* All has gone to the voice, or nobody hears the rest: the conversation remembers it. */
static void conclude(struct mind *mind, int64_t heard_ms)
{
    char heard[ANSWER_BYTES_MAX];
    const char *said =
        mind->stream.here ? strbuf_text(&mind->stream.text) : outside_spoken(mind->outside);
    mind->stream.open = false;
    mind_count(mind, mind->stream.here ? TELEMETRY_DEVICE_TURNS : TELEMETRY_CLOUD_TURNS);
    snprintf(heard, sizeof(heard), "%.*s", (int)heard_length(mind, said, heard_ms), said);
    snprintf(mind->last_reply, sizeof(mind->last_reply), "%.*s", LINNET_TEXT_BYTES - 1, heard);
    outside_answered(mind->outside, heard, mind->stream.here);
}

/* Sound of theirs that is still played may yet be interrupted, and they want to know where. */
static bool is_playing(const struct mind *mind)
{
    return mind->stream.plays && !voice_is_silent(mind->config.voice);
}

bool mind_cloud_step(struct mind *mind, bool *ret_over)
{
    bool worked = outside_step(mind->outside);
    worked = speak_next(mind) || worked;
    *ret_over = !worked && mind->stream.ended && !*mind->stream.waiting && all_fed(&mind->stream) &&
                !is_playing(mind);
    if (*ret_over)
        conclude(mind, -1);
    return worked;
}

void mind_cloud_stop(struct mind *mind)
{
    int64_t heard_ms = mind->stream.plays ? voice_heard_ms(mind->config.voice, mind->turn) : -1;
    mind_count(mind, TELEMETRY_INTERRUPTED);
    outside_stop(mind->outside, heard_ms);
    conclude(mind, heard_ms);
}
