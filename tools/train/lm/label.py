"""Turns rows of the real sets into answers of ours: tool with arguments, small talk, or cloud.

label(row) gives ("cloud",), ("talk", intent), (tool, [(argument, value)...]) or None where the
set's label does not tell (such rows are used for nothing).
"""

import re

from values import MONTHS, ONES, TENS, WEEKDAYS, read

WORD_NUMBER = "(?:" + "|".join(ONES + TENS[1:] + ["hundred", "thousand", "million", "oh"]) + ")"
NUM = rf"(?:\d+(?:\.\d+)?|(?:an? (?=hundred|thousand|million))?{WORD_NUMBER}(?: (?:and )?{WORD_NUMBER})*(?: and a half)?)"
UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?)"
DURATION = re.compile(rf"\b(?:(?:{NUM}|an?|half an?|a half|couple of|a few) ?{UNIT}(?: and a half)?"
                      rf"(?:(?: and)? {NUM} {UNIT})*|half an hour)\b")
DAY_NAME = "(?:" + "|".join(WEEKDAYS) + ")"
PART = "(?:morning|afternoon|evening|night)"
DAY = re.compile(rf"\b(?:(?:the day after tomorrow|tomorrow|today|tonight|this {PART}|every ?day|daily|weekdays|"
                 rf"every weekday|weekends|this week|next week|the weekend|(?:next |this |every )?{DAY_NAME}s?)"
                 rf"(?: {PART})?(?:'s)?)\b")
CLOCK = re.compile(rf"\b(?:(?:half past|(?:a )?quarter (?:past|to|after|till|of)) {NUM}|noon|midnight|midday|"
                   rf"\d+:\d\d|{NUM})(?: o'clock)?(?: ?[ap] ?m)?(?: in the {PART}| at night)?\b")
ALARM_AT = re.compile(r"\b(?:at|for|to|by|as|of)\s+$")
MATH = re.compile(r"\b(?:plus|minus|times|divided|multiplied|multiply|divide|add|subtract|square|root|percent|sum|squared|"
                  r"factorial|cubed|power|half of|quarters? of|thirds? of|over|x)\b|[-+*/%]")
MATH_HEAD = re.compile(r"^(?:please |can you |could you |tell me |calculate |compute |find |do you know |i need to know |"
                       r"what's |what is |whats |what does |how much is |what would |give me |i want to know |"
                       r"the answer (?:to|of) |the result of |answer the equation |what |me |be |are |figure out |solve |work out |to know )+")
MATH_TAIL = re.compile(r"(?: please| equals?| for me| make| come to| is| what)+$")
UNITS = {}
for kind in ("length", "mass", "volume", "time", "speed", "area", "temperature", "data"):
    for row in read("unit_" + kind):
        part = row.split()
        if kind == "temperature":
            UNITS[row] = kind
        else:
            half = len(part) // 2
            UNITS[" ".join(part[:half])] = UNITS[" ".join(part[half:])] = kind
UNITS.update({u: "x" for u in ("cm", "mm", "ml", "kg", "km", "mph", "lbs", "oz", "inch", "foot", "mls", "celcius")})
UNIT_RE = "(?:" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + ")"
AMOUNT = rf"(?:{NUM}(?: and a half| and half)?|an?|half an?|one half)"
CONVERT = [re.compile(p) for p in (
    rf"\bhow (?:many|much) (?P<to>{UNIT_RE})\b.*?\b(?:in|is|are|make|equals?|per|to|for)(?: there in)? (?P<amount>{AMOUNT}) ?(?P<from>{UNIT_RE})\b",
    rf"\b(?P<amount>{AMOUNT}) ?(?P<from>{UNIT_RE}) (?:to|in|into|is how many|equals how many|converted to) (?P<to>{UNIT_RE})\b",
    rf"\b(?:convert|change|turn) (?P<from>{UNIT_RE}) (?:to|into) (?P<to>{UNIT_RE})\b",
    rf"\b(?:conversion|converting)\b.*? (?P<from>{UNIT_RE}) (?:to|into|and) (?P<to>{UNIT_RE})\b",
    rf"^(?:give me )?(?P<from>{UNIT_RE}) to (?P<to>{UNIT_RE})\b",
)]
PLACE = re.compile(r"\btime\b.*? (?:in|at|for|over in) (?:the )?(?P<place>[a-z' ]+?)"
                   r"(?: (?:time ?zone|timezone|time|right now|now|please|currently|is it|what))*$")
ZONE_FIRST = re.compile(r"^in (?:the )?(?P<place>[a-z' ]+?)(?: time ?zone| timezone| time)? what")
STOP = re.compile(r"\b(stop|quiet|shut|silen\w*|hush|sh+|talk\w*|enough|halt|quit|pause|cease|speak|zip)\b")
LEVEL = re.compile(rf"\b(?:to|at|on|be|volume|level|number)(?: the number| level)? (?P<level>{NUM}(?: ?%| percent)?|max|maximum|full|half|zero)\b")
REPEAT = re.compile(r"repeat|again|once more|one more|didn'?t (?:hear|catch|get|understand)|missed|what was|what did|pardon|"
                    r"come again|did not|couldn'?t|^what$|excuse me|sorry")

TALK_CLINC = {
    "greeting": None, "goodbye": "goodbye", "thank_you": "thanks", "are_you_a_bot": "are_you_a_bot",
    "what_is_your_name": "your_name", "how_old_are_you": "age", "who_made_you": "who_made_you",
    "who_do_you_work_for": "boss", "where_are_you_from": "where_from", "what_are_your_hobbies": "hobbies",
    "do_you_have_pets": "pets", "what_can_i_ask_you": "what_can_you_do", "meaning_of_life": "meaning_of_life",
    "yes": "yes", "no": "no", "maybe": "maybe", "user_name": "my_name", "whisper_mode": "whisper",
    "change_accent": "change_voice", "change_speed": "change_speed", "change_language": "languages",
    "change_ai_name": "change_ai_name", "change_user_name": "told_name",
}
TALK_HWU = {"general_praise": "praise", "general_affirm": "affirm_done", "general_negate": "negate_done",
            "general_dontcare": "maybe", "general_explain": "clarify"}
SKIP = {"general_quirky", "general_confirm", "quirky", "reset_settings", "sync_device", "general_greet", "greet",
        "datetime_convert", "audio_volume_other", "calendar_query_time"}
MUSIC = re.compile(r"\b(music|song|songs|radio|playlist|track|playing|album|podcast|tv|device|silent mode|until|for)\b")


def spans_ok(text, values):
    """Each value stands in the text as whole words."""
    return all(f" {v} " in f" {text} " for v in values)


def timer(text):
    if re.search(r"\b(and another|two timers|x minutes|am|pm|alarm|remind me)\b", text):
        return None
    found = list(DURATION.finditer(text))
    if len(found) > 1:
        return None
    if found:
        if found[0].start() and re.search(r"\b(every|ago)\b", text):
            return None
        rest = text[:found[0].start()] + text[found[0].end():]
        if re.search(r"\d|\bfor (?!me\b|$|  )[a-z]+$|\b(named|called)\b", rest.strip()):
            return None
        return "timer_set", [("duration", found[0].group())]
    if re.search(rf"\d|\b{WORD_NUMBER}\b|minute|hour|second| for (?!me\b|it\b)", text):
        return None
    return ("timer_set", []) if "timer" in text else None


def clock_and_day(text):
    """([(argument, value)], text left over) or None where it is not clear."""
    days = list(DAY.finditer(text))
    if len(days) > 1:
        return None
    rest = text
    if days:
        rest = text[:days[0].start()] + "#" * len(days[0].group()) + text[days[0].end():]
    clocks = [m for m in CLOCK.finditer(rest)
              if not (m.group() in ("one", "a", "oh") and not ALARM_AT.search(rest[:m.start()] + " "))]
    if len(clocks) > 1:
        return None
    args = []
    if clocks:
        left = rest[clocks[0].end():clocks[0].end() + 9]
        if re.match(rf" (?:{UNIT}|days|weeks|alarm[s]|times|or)", left):
            return None
        args.append(("time", clocks[0].group()))
        rest = rest[:clocks[0].start()] + rest[clocks[0].end():]
    if days:
        args.append(("day", days[0].group()))
    if re.search(r"\d|\bmorning\b|\bevening\b|\bnight\b|\bafternoon\b", rest):
        return None
    return args, rest


def alarm(intent, text):
    if re.search(r"\b(another|two alarms|both|and one|goto|alarms? (?:at|for) .* and|remind|timer|tone|volume|ringtone|or)\b", text):
        return None
    got = clock_and_day(text)
    if got is None or (intent == "alarm_set" and re.search(r"\b(?:to|for|because) (?:my|a|go|take|work|wake|feed|get)\b", got[1])
                       and not re.search(r"\bwake (?:me )?up\b", got[1])):
        return None
    args = got[0]
    if intent == "alarm_query":
        if not re.search(r"alarm|wake", text) or any(k == "time" for k, _ in args):
            return None
    elif intent == "alarm_cancel":
        if not re.search(r"alarm|wake", text) or re.search(r"\b(change|snooze|first|last|all|except)\b", text):
            return None
    elif not re.search(r"alarm|wake|get up|alert", text) or (not args and not re.search(r"alarm", text)):
        return None
    return intent, args


def math(text):
    if not MATH.search(text) or not re.search(rf"\d|\b{WORD_NUMBER}\b|\bpi\b", text):
        return None
    if re.search(r"\b(if|money|dollars|room|how many|sales|what percent|per|will|math|divisible|tip|make|week|into|formula)\b", text):
        return None
    body = MATH_HEAD.sub("", text)
    body = MATH_TAIL.sub("", body)
    if re.search(r"\b(you|what|me|how|do|is|i|please|the answer|know|get)\b", body) or len(body.split()) > 14:
        return None
    return "calculate", [("expression", body)]


def convert(text):
    for p in CONVERT:
        m = p.search(text)
        if m:
            got = m.groupdict()
            if re.search(rf"{UNIT_RE} and {UNIT_RE}", text) and "conversion" not in text:
                return None
            args = [(k, got[k]) for k in ("amount", "from", "to") if got.get(k)]
            return ("convert", args) if spans_ok(text, [v for _, v in args]) else None
    return None


def clock_time(text):
    if re.search(r"\bdate|day\b", text):
        return None
    m = ZONE_FIRST.search(text) or PLACE.search(text)
    if m:
        place = m.group("place")
        if re.search(r"\b(morning|time|please|now|here|world|clock|what|is|the|my|me|it|city|another)\b", place):
            return None
        return "get_time", [("place", place)]
    m = re.search(r"\bcurrent ([a-z]{3}|eastern|pacific|central) time\b", text)
    if m:
        return "get_time", [("place", m.group(1))]
    if re.search(r"\b(in|at|for|over|between|zone|difference|pacific|eastern|central|[a-z]?st|[a-z]mt)\b", text):
        return None
    return "get_time", []


def date(text):
    if re.search(r"\btime\b|\bin [a-z]*(?:york|india)|^is (?:the|it)", text):
        return None
    m = re.search(rf"\b(?:(?:in )?(?:\d+|{NUM}) days?(?: from (?:now|today|tomorrow))?|tomorrow(?:'s)?|yesterday(?:'s)?|"
                  rf"(?:next |last )?{DAY_NAME})\b", text)
    if m:
        if re.search(r"\b(or|after|calend[ea]r)\b", text) or "days" in text[:m.start()] or re.search(r"\d", text[m.end():]):
            return None
        return "get_date", [("day", m.group())]
    if re.search(rf"\d|{'|'.join(MONTHS)}|next day|after|will|week|holiday|christmas|calend", text):
        return None
    return ("get_date", []) if re.search(r"\b(date|day|month|year)\b", text) else None


def volume(text):
    m = LEVEL.search(text)
    if m and "volume" in text and " by " not in text:
        return "volume_set", [("level", m.group("level"))]
    if re.search(rf"\d|\b{WORD_NUMBER}\b|percent", text):
        return None
    up = re.search(r"\b(up|louder|increase|increased|raise|raised|higher|boost|rise|greater|amplify|bumped|can'?t hear)\b", text)
    down = re.search(r"\b(down|quieter|lower|lowered|decrease|decreased|reduce|softer|soft|low|quiet)\b", text)
    if bool(up) == bool(down) or re.search(r"\b(room|tv|kitchen|floor|bedroom|when|so that|until)\b", text):
        return None
    return ("volume_up" if up else "volume_down"), []


def mute(text):
    m = re.search(r"\b(unmute|mute)\b", text)
    if m and not MUSIC.search(text):
        return "volume_set", [("level", m.group(1))]
    if re.search(r"\b(be quiet|silence|shut up|stop talking|be silent|hush|stop|quiet please)\b", text) and \
            not re.search(r"\b(until|for|mode|while|minutes|hours?|playing)\b", text):
        return "stop", []
    return None


def joke(text):
    about = re.search(r"\babout\b|\bon\b|\bwalks\b|\bdirty\b|\bnaughty\b|\bknock\b", text)
    return ("cloud",) if about else ("talk", "joke")


def fact(text):
    short = re.search(r"\b(about|on|regarding|concerning|for|of)\b|trivia .* [a-z]+$", text)
    return ("cloud",) if short or len(text.split()) > 9 else ("talk", "fun_fact")


def greeting(text):
    if re.search(r"\b(how|hows|how's|how've|doing|goes)\b", text):
        return "talk", "how_are_you"
    if re.search(r"\bup\b|\bnew\b|happening|going on", text):
        return "talk", "whats_up"
    return "talk", "greeting"


def clinc(intent, text):
    special = {"timer": timer, "time": clock_time, "date": date, "calculator": math, "measurement_conversion": convert,
               "change_volume": volume, "tell_joke": joke, "fun_fact": fact, "greeting": greeting}
    if intent in special:
        return special[intent](text)
    if intent == "alarm":
        return alarm("alarm_set", text)
    if intent == "cancel":
        return ("stop" if STOP.search(text) else "cancel"), []
    if intent == "repeat":
        return "repeat", []
    if TALK_CLINC.get(intent):
        return "talk", TALK_CLINC[intent]
    return None if intent in SKIP else ("cloud",)


def hwu(intent, text):
    if intent in TALK_HWU:
        return "talk", TALK_HWU[intent]
    if intent in SKIP:
        return None
    if intent == "general_joke" or intent == "joke":
        return joke(text)
    if intent == "general_repeat":
        return ("repeat", []) if REPEAT.search(text) and not re.search(r"try|reset|start over", text) else None
    if intent == "general_commandstop":
        if re.search(r"cancel", text):
            return "cancel", []
        return ("stop", []) if re.search(r"\b(stop|shut up|enough|quiet)\b", text) else None
    if intent.startswith("alarm_"):
        return alarm({"set": "alarm_set", "query": "alarm_query", "remove": "alarm_cancel"}[intent[6:]], text)
    if intent == "datetime_query":
        return clock_time(text) if "time" in text else date(text)
    if intent == "qa_maths":
        return math(text)
    if intent.startswith("audio_volume"):
        return mute(text) if "mute" in intent else volume(text)
    return ("cloud",)


def home_assistant(intent, text):
    if intent.endswith("StartTimer"):
        return None if re.search(r"\b(turn|open|close|lock)\b|named|called", text) else timer(text)
    if intent.endswith("CancelTimer") and re.search(r"^cancel (the )?timer$", text):
        return "timer_cancel", []
    if intent.endswith("CancelAllTimers") and "kitchen" not in text:
        return "timer_cancel", [("name", "all")]
    if intent.endswith(("GetCurrentDate",)):
        return "get_date", []
    if intent.endswith("GetCurrentTime"):
        return "get_time", []
    if intent.endswith("Nevermind"):
        return "cancel", []
    if re.search(r"Volume|Mute|Respond|Timer|Media", intent):
        return None
    return ("cloud",)


def label(row):
    source, intent, text, _ = row
    if source.startswith("clinc"):
        return clinc(intent, text)
    if source in ("hwu", "slurp"):
        got = hwu(intent, text)
        if got and got[0] == "cloud" and re.search(r"\balarm|\btimer\b|\bvolume\b|\bwhat time is it$|^stop$", text):
            return None
        return got
    if source == "home_assistant":
        return home_assistant(intent, text)
    return ("cloud",)
