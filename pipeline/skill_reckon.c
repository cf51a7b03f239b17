#include "expression.h"
#include "skill_impl.h"
#include "spoken_number.h"
#include "unit_words.h"

enum status skill_calculate(const struct skill_context *context, const struct tool_call *call,
                            struct skill_reply *reply, struct error *ret_error)
{
    (void)context;
    (void)ret_error;
    double value;
    char number[48];
    switch (expression_evaluate(tool_call_arg(call, "expression"), &value)) {
    case STATUS_OK:
        spoken_number_format(value, 3, number, sizeof(number));
        return skill_say(reply, "That's %s.", number);
    case STATUS_LIMIT:
        return skill_say(reply, "That has no answer I can say.");
    default:
        return skill_say(reply, "Sorry, I couldn't work that out.");
    }
}

enum status skill_convert(const struct skill_context *context, const struct tool_call *call,
                          struct skill_reply *reply, struct error *ret_error)
{
    (void)context;
    (void)ret_error;
    const struct unit *from = unit_find(tool_call_arg(call, "from"));
    const struct unit *to = unit_find(tool_call_arg(call, "to"));
    const char *amount_text = tool_call_arg(call, "amount");
    double amount = 1, result;
    struct words words;
    words_split(&words, amount_text);
    if (*amount_text && !spoken_number_parse(&words, 0, &amount) && !words_is(&words, 0, "a") &&
        !words_is(&words, 0, "an"))
        return skill_say(reply, "Sorry, I didn't catch how much.");
    if (!from || !to)
        return skill_say(reply, "Sorry, I don't know the unit %s.",
                         tool_call_arg(call, from ? "to" : "from"));
    if (unit_convert(amount, from, to, &result) != STATUS_OK)
        return skill_say(reply, "Sorry, %s can't be turned into %s.", unit_name(from, 2),
                         unit_name(to, 2));
    char given[48], found[48];
    spoken_number_format(amount, 2, given, sizeof(given));
    spoken_number_format(result, 2, found, sizeof(found));
    return skill_say(reply, "%s %s is %s %s.", given, unit_name(from, amount), found,
                     unit_name(to, result));
}
