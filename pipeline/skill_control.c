#include <math.h>
#include <string.h>

#include "skill_impl.h"
#include "spoken_number.h"

enum { VOLUME_STEP = 10, VOLUME_UNMUTED = 50 };

static enum status set_volume(struct skill_reply *reply, int volume)
{
    reply->effect = SKILL_VOLUME;
    reply->volume = volume < 0 ? 0 : volume > 100 ? 100 : volume;
    return skill_say(reply, "Volume %d percent.", reply->volume);
}

static bool has_word(const struct words *words, const char *const *list)
{
    for (int i = 0; i < words->count; i++) {
        if (words_any(words, i, list))
            return true;
    }
    return false;
}

/* "fifty percent", "seven" (of ten), "maximum", "half", "mute". */
static bool volume_level(const char *text, int *level)
{
    static const char *const top[] = {"max", "maximum", "full", "loudest", "highest", NULL};
    static const char *const bottom[] = {"mute", "silent", "off", "nothing", NULL};
    static const char *const low[] = {"minimum", "min", "lowest", "quietest", "low", NULL};
    static const char *const percent[] = {"percent", NULL};
    struct words words;
    double value;
    words_split(&words, text);
    for (int at = 0; at < words.count; at++) {
        if (!spoken_number_parse(&words, at, &value))
            continue;
        if (value < 0 || value > 100)
            return false;
        bool of_ten = !has_word(&words, percent) && value <= 10;
        *level = (int)lround(value < 1 ? value * 100 : of_ten ? value * 10 : value);
        return true;
    }
    *level = has_word(&words, top)      ? 100
             : has_word(&words, bottom) ? 0
             : has_word(&words, low)    ? 10
                                        : -1;
    return *level >= 0;
}

enum status skill_volume_set(const struct skill_context *context, const struct tool_call *call,
                             struct skill_reply *reply, struct error *ret_error)
{
    (void)ret_error;
    int level;
    if (strstr(tool_call_arg(call, "level"), "unmute"))
        return set_volume(reply, context->volume ? context->volume : VOLUME_UNMUTED);
    if (!volume_level(tool_call_arg(call, "level"), &level))
        return skill_say(reply, "Sorry, say a volume between zero and one hundred percent.");
    return set_volume(reply, level);
}

enum status skill_volume_up(const struct skill_context *context, const struct tool_call *call,
                            struct skill_reply *reply, struct error *ret_error)
{
    (void)call;
    (void)ret_error;
    return set_volume(reply, context->volume + VOLUME_STEP);
}

enum status skill_volume_down(const struct skill_context *context, const struct tool_call *call,
                              struct skill_reply *reply, struct error *ret_error)
{
    (void)call;
    (void)ret_error;
    return set_volume(reply, context->volume - VOLUME_STEP);
}

enum status skill_stop(const struct skill_context *context, const struct tool_call *call,
                       struct skill_reply *reply, struct error *ret_error)
{
    (void)context;
    (void)call;
    (void)ret_error;
    reply->effect = SKILL_STOP;
    return STATUS_OK;
}

enum status skill_cancel(const struct skill_context *context, const struct tool_call *call,
                         struct skill_reply *reply, struct error *ret_error)
{
    (void)context;
    (void)call;
    (void)ret_error;
    reply->effect = SKILL_STOP;
    return skill_say(reply, "Okay, never mind.");
}

enum status skill_repeat(const struct skill_context *context, const struct tool_call *call,
                         struct skill_reply *reply, struct error *ret_error)
{
    (void)context;
    (void)call;
    (void)ret_error;
    reply->effect = SKILL_REPEAT;
    return STATUS_OK;
}
