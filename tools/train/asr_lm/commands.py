"""Sentences people say to the assistant, drawn from a small grammar.

The n-gram built from them must know every number, clock time, duration, place and unit in the places
where the tools take them. `generate(data, count, seed)` yields lists of words. `{name}` is a slot,
`(a|b|)` a choice, both may nest through the slot functions.
"""

import json
import random
import re

from spoken import cardinal, ordinal, words

UNITS = {
    "length": "miles kilometers meters feet inches yards centimeters millimeters mile kilometer meter foot inch yard",
    "mass": "pounds kilograms grams ounces kilos stone tons pound kilogram gram ounce kilo ton",
    "volume": "cups liters gallons tablespoons teaspoons pints quarts milliliters cup liter gallon tablespoon teaspoon pint quart",
    "speed": "miles_per_hour kilometers_per_hour knots meters_per_second",
    "temperature": "celsius fahrenheit kelvin degrees_celsius degrees_fahrenheit",
    "time": "seconds minutes hours days weeks months years second minute hour day week month year",
    "area": "acres hectares square_meters square_feet square_miles square_kilometers",
    "data": "megabytes gigabytes kilobytes terabytes bytes bits",
    "money": "dollars euros pounds yen rupees",
}
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
MONTHS = "january february march april may june july august september october november december".split()
NAMES = (
    "pasta|egg|eggs|pizza|tea|coffee|laundry|oven|rice|chicken|bread|cookie|cookies|cake|nap|workout|break|"
    "potato|steak|washing machine|dryer|dishwasher|soup|homework|meditation|study|kitchen|bathroom|"
    "sauce|turkey|roast|noodles|fish|salmon|barbecue|grill|dinner|lunch|breakfast|shower|plank|yoga|reading|"
    "first|second|third|ten minute|five minute|one hour|thirty minute|bacon|vegetables|muffins|brownies"
).split("|")
ALARMS = (
    "wake up|work|school|gym|medicine|meeting|morning|evening|bus|train|flight|airport|doctor|dentist|dog|pills|"
    "running|kids|church|class|trash|appointment|breakfast|nap"
).split("|")
TASKS = (
    "call mom|take out the trash|take my medicine|feed the cat|feed the dog|go to bed|check the oven|"
    "pick up the kids|water the plants|leave for work|call the doctor|turn off the stove|drink water"
).split("|")

TEMPLATES = """
12 (what time is it|what's the time|what is the time|tell me the time|what time is it now|do you know what time it is|the time please|current time|time please|got the time){please}
8 (what time is it|what's the time|what is the time|tell me the time|what is the current time|what's the local time|the time) in {place}{please}
4 (what is|what's) the date (|today|tomorrow|on {day}|of {holiday}|next {weekday}){please}
6 (what day is it|what's today's date|what is today's date|what's the date|what day is today|what is the day today|which day is it|what day of the week is it|what month is it|what year is it|tell me the date|today's date)
4 (what day is|when is|what date is|what day of the week is|which day is|what's the date of|how many days until|how long until) ({holiday}|{date}|{day}|christmas|easter|thanksgiving)
22 {polite}(set|start|make|create|give me|begin|set up|put on|add|i need|i want|run) (a|another|the|me a) timer for {duration}{please}
8 {polite}(set|start|make|create|give me) a {duration1} timer{please}
8 {polite}(set|start|make|create|give me) a {duration1} timer for the {tname}
8 {polite}(set|start|make|create|give me) a {tname} timer for {duration}{please}
4 {polite}(set|start) (a|the) timer for {duration} (for|called|named) (the |my |){tname}
4 {polite}(set|start|begin) (a|the|my) ({tname} |)timer
3 timer (for |){duration}
3 (time me for|count down|count down from|countdown) {duration}
3 {duration} timer
3 (wake me|wake me up|remind me|tell me|alert me|let me know|ping me|beep) in {duration}{please}
6 {polite}(cancel|stop|delete|remove|clear|kill|end|turn off|forget|get rid of) (the|my|that|this|all|all my|every|all the) ({tname} |{duration1} |)(timer|timers){please}
6 (how much time|how long|how many minutes|how many seconds) (is left|is remaining|do i have left|left|are left|remain|remains|is there|have i got) (on|for|in) (the|my) ({tname} |{duration1} |)timer
4 (how much time is left|how long is left|how much longer|how much time do i have|how long do i have|when will the timer go off|check the timer|timer status|what timers do i have|are there any timers|list my timers|show my timers|what's left on my timer|is the {tname} timer done|is there a timer running|do i have any timers|how's my {tname} timer)
16 {polite}(set|create|make|add|put|schedule|i need|give me|set me) (an|my|the|another) alarm (for|at) {time}{please}
10 {polite}(set|create|make|add|i need) (an|my|the) alarm for {time} {aday}{please}
6 {polite}(set|create|make|i need) (an|my|the) alarm (for |){aday} (at|for) {time}{please}
5 {polite}(set|create|make) (a|an|my|the) {aname} alarm (for|at) {time}( {aday}|)
5 {polite}(set|create|make) (an|my) alarm (called|named|for) {aname} (at|for) {time}( {aday}|)
12 (wake me up|wake me|get me up) (at|by|around|before) {time}( {aday}|){please}
5 (wake me up|wake me|get me up) {aday} at {time}
3 {polite}(set|make|create) an alarm
3 {polite}set (a|an) {time} alarm( {aday}| for {aday}|)
3 remind me to {task} (at {time}|in {duration}|{aday}|{aday} at {time})
2 remind me (at {time}|in {duration}) to {task}
6 {polite}(cancel|delete|remove|turn off|stop|clear|disable|get rid of|kill|forget) (the|my|all|all my|that|every) ({time} |{aname} |{aday} |)(alarm|alarms)( for {time}| for {aday}| {aday}|){please}
2 (turn off|cancel) my alarm (at {time}|for {time} {aday})
5 (what alarms do i have|what alarms are set|do i have any alarms|do i have an alarm|list my alarms|show my alarms|show me my alarms|is my alarm set|when is my alarm|when is my next alarm|what time is my alarm|check my alarms|tell me my alarms|are there any alarms|is there an alarm|when will my alarm go off)( set|)( for {aday}| {aday}| for {time}|)
16 (what is|what's|calculate|compute|how much is|work out|tell me|what does|solve|whats) {expression}( equal| make|){please}
4 {expression}
8 (what is|what's|how much is|calculate|find) {percent} of {number}{please}
5 (what is|what's|calculate|find) (the |)(square root|cube root) of {number}
4 (what is|what's|how much is) {number} (squared|cubed|to the power of {small}|factorial)
4 (what's|what is) (half|a third|a quarter|two thirds|three quarters|double|twice) (of |){number}
3 (add|subtract|multiply|divide) {number} (and|from|by|to|with) {number}
16 {polite}(convert|change|turn|what is|what's|how much is|translate) {quantity} (to|into|in) {unit}{please}
10 how many {unit} (are|is|are there) in {quantity}
5 how many {unit} (in|make|are in|is|does it take to make) (a|an|one) {unit}
4 {quantity} (in|to|into) {unit}
3 (how far|how long|how heavy|how hot|how cold|how much|how tall|how fast) is {quantity} in {unit}
10 {polite}(set|turn|change|put|adjust|make|bring) (the |your |my |)volume (to|at|up to|down to) {level}{please}
4 volume {level}
2 volume (at|to) {level}
8 {polite}(turn up the volume|turn the volume up|volume up|louder|turn it up|increase the volume|raise the volume|speak up|make it louder|a bit louder|speak louder|crank it up|more volume|turn up the sound|louder please|pump up the volume|talk louder|be louder|up the volume|raise your voice|i can't hear you){please}
8 {polite}(turn down the volume|turn the volume down|volume down|quieter|turn it down|decrease the volume|lower the volume|make it quieter|a bit quieter|speak quieter|softer|speak softer|less volume|turn down the sound|too loud|that's too loud|you're too loud|reduce the volume|be quieter|lower your voice|speak more quietly|not so loud){please}
5 {polite}(mute|unmute|mute the volume|mute yourself|mute the sound|max volume|maximum volume|full volume|volume to the max|minimum volume|silence|unmute yourself){please}
8 (stop|stop it|stop that|stop talking|be quiet|shut up|quiet|enough|that's enough|silence|hush|stop now|stop please|please stop|okay stop|pause|halt|stop the alarm|stop the timer|stop speaking|stop the music|that will do)
8 (cancel|cancel that|never mind|nevermind|forget it|forget about it|forget that|cancel it|no cancel|cancel please|actually never mind|no never mind|scratch that|undo that|nothing|no thanks|no thank you|abort|go away|leave it|don't bother|not now)
8 (repeat|repeat that|say that again|say it again|what did you say|can you repeat that|could you repeat that|pardon|pardon me|come again|repeat please|please repeat that|i didn't hear you|i didn't catch that|one more time|again please|what was that|excuse me|sorry|could you say that again|i missed that|tell me again|once more){please}
8 (hello|hi|hey|good morning|good afternoon|good evening|good night|thank you|thanks|thanks a lot|thank you very much|how are you|how are you doing|how's it going|what's up|who are you|what's your name|what is your name|what can you do|who made you|are you there|nice to meet you|goodbye|bye|see you later|tell me a joke|tell me another joke|make me laugh|i love you|you're funny|you're welcome|how old are you|are you a robot|are you real|where are you from|happy birthday|merry christmas|i'm bored|i'm tired|sing me a song|do you like music|what do you think|yes|no|yes please|okay|sure|alright|great|cool|awesome|good job|well done|that's wrong|help|help me|what's the meaning of life|flip a coin|roll a dice)
2 (hey |)(jarvis|computer|linnet)
1 (jarvis|hey jarvis|computer) (what time is it|stop|set a timer for {duration}|volume up|what's the date)
6 (what's the weather|what is the weather|what's the weather like|how's the weather|what's the forecast|will it rain|is it going to rain|do i need an umbrella|is it cold|is it hot|will it snow|what's the temperature|how hot is it)( in {place}|)( today| tomorrow| tonight| this weekend| on {weekday}| next week| right now|)
4 (who is|who was|tell me about|what do you know about|where is|how far is|how big is|what is the population of|what is the capital of|who is the president of|what language do they speak in) {place}
3 (play|play some|put on|i want to hear|listen to) (music|jazz|rock|classical music|the radio|some music|my playlist|the news|a song|the beatles|something relaxing)
3 (turn|switch) (on|off) the (lights|light|tv|television|heater|fan|lamp|kitchen lights|bedroom light|living room lights|air conditioning|heating|radio|coffee maker)
3 (add|put) (milk|eggs|bread|butter|cheese|apples|bananas|coffee|tea|sugar|rice|chicken|toilet paper|potatoes|tomatoes|onions)( and {grocery}|) (to|on) (my|the) (shopping|grocery|to do) list
3 (write|compose|send) (a poem|a story|an email|a letter|a message|a text|an essay) (about|to|for) (love|my boss|my mother|the sea|autumn|my friend|dogs|cats|the future)
2 (explain|describe|summarize|what is|how does) (quantum mechanics|photosynthesis|gravity|machine learning|the stock market|black holes|evolution|relativity|a computer|the internet) (work|to a child|in simple terms|)
1 {number}
1 {time}
1 {duration}
1 {date}
3 {digitstring}
24 (yes|no|up|down|left|right|on|off|stop|go)
6 (wow|tree|house|dog|cat|bird|happy|bed|marvin|sheila|follow|learn|visual|forward|backward)
24 (zero|one|two|three|four|five|six|seven|eight|nine|ten)
4 (oh|zero|one|two|three|four|five|six|seven|eight|nine) (oh|zero|one|two|three|four|five|six|seven|eight|nine)( (zero|one|two|three|four|five|six|seven|eight|nine)|)
3 (press|dial|enter) (zero|one|two|three|four|five|six|seven|eight|nine|the pound key)( for {grocery}| now|)
"""


def _number(rng):
    kind = rng.random()
    if kind < 0.45:
        return cardinal(rng.randrange(0, 101))
    if kind < 0.8:
        return cardinal(rng.randrange(0, 1000)).replace(" hundred ", rng.choice([" hundred ", " hundred and "]))
    if kind < 0.88:
        return cardinal(rng.randrange(1, 100) * 10)
    if kind < 0.94:
        return cardinal(rng.randrange(1000, 10000))
    return f"{cardinal(rng.randrange(0, 100))} point {' '.join(cardinal(rng.randrange(10)) for _ in range(rng.choice([1, 1, 2])))}"


def _clock(rng):
    hour, minute = rng.randrange(1, 13), rng.choice([0, 0, 0, 15, 30, 30, 45, rng.randrange(60), rng.randrange(60)])
    h = cardinal(hour)
    style = rng.random()
    if style < 0.2 and minute in (0, 15, 30, 45):
        before = cardinal(hour % 12 + 1)
        return {0: f"{h} o'clock", 15: f"quarter past {h}", 30: f"half past {h}", 45: f"quarter to {before}"}[minute]
    if style < 0.3 and minute:
        m = minute if minute <= 30 else 60 - minute
        word = "past" if minute <= 30 else rng.choice(["to", "till"])
        h = h if minute <= 30 else cardinal(hour % 12 + 1)
        return f"{cardinal(m)}{rng.choice([' minutes', '', '']) if m not in (15, 30) else ''} {word} {h}"
    if minute == 0:
        return h
    return f"{h} {'oh ' if minute < 10 else ''}{cardinal(minute)}"


def _time(rng):
    if rng.random() < 0.06:
        return rng.choice(["noon", "midnight", "midday", "sunrise", "lunchtime"])
    return _clock(rng) + rng.choice(["", "", " am", " pm", " am", " pm", " in the morning", " in the evening",
                                     " in the afternoon", " at night", " tonight"])


def _amount(rng, unit):
    n = rng.choice([rng.randrange(1, 61), rng.randrange(1, 21), rng.choice([1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90]), rng.randrange(1, 200)])
    return f"{'an' if unit == 'hour' else 'a'} {unit}" if n == 1 and rng.random() < 0.5 else f"{cardinal(n)} {unit}{'' if n == 1 else 's'}"


def _duration(rng):
    unit = rng.choices(["second", "minute", "hour", "day"], [3, 8, 4, 0.3])[0]
    style = rng.random()
    if style < 0.1:
        return rng.choice(["half an hour", "a quarter of an hour", "an hour and a half", "one and a half hours",
                           "half a minute", "a minute and a half", "two and a half minutes", "three quarters of an hour",
                           "a couple of minutes", "a few minutes", "twenty five minutes", "two and a half hours"])
    if style < 0.22:
        return _amount(rng, "hour") + rng.choice([" ", " and "]) + _amount(rng, "minute")
    if style < 0.32:
        return _amount(rng, "minute") + rng.choice([" ", " and "]) + _amount(rng, "second")
    return _amount(rng, unit)


def _duration1(rng):
    unit = rng.choice(["second", "minute", "minute", "minute", "hour"])
    return f"{cardinal(rng.choice([rng.randrange(1, 61), 5, 10, 15, 20, 30, 90]))} {unit}"


def _expression(rng):
    op = rng.choice(["plus", "minus", "times", "divided by", "multiplied by", "over", "and", "plus", "times", "minus"])
    text = f"{_number(rng)} {op} {_number(rng)}"
    return text if rng.random() < 0.88 else f"{text} {rng.choice(['plus', 'minus', 'times'])} {_number(rng)}"


def _date(rng):
    day = ordinal(rng.randrange(1, 32))
    month = rng.choice(MONTHS)
    return rng.choice([f"{month} {day}", f"the {day} of {month}", f"{day} of {month}", f"the {day}"])


def _day(rng):
    return rng.choice(["today", "tomorrow", "yesterday", "the day after tomorrow", "next week", rng.choice(DAYS),
                       "next " + rng.choice(DAYS), "this " + rng.choice(DAYS), "last " + rng.choice(DAYS), _date(rng),
                       "in " + _amount(rng, "day"), "in " + _amount(rng, "week")])


def _alarm_day(rng):
    return rng.choice(["tomorrow", "tomorrow", "tomorrow morning", "tomorrow evening", "today", "tonight", "on " + rng.choice(DAYS),
                       "every " + rng.choice(DAYS), "on weekdays", "every day", "every morning", "on weekends", "next " + rng.choice(DAYS),
                       rng.choice(DAYS), rng.choice(DAYS) + " morning", "on " + rng.choice(DAYS) + "s", "this " + rng.choice(DAYS), "every weekday",
                       "on " + _date(rng)])


def _level(rng):
    n = rng.choice([rng.randrange(0, 11), rng.randrange(0, 101), 5 * rng.randrange(0, 21)])
    return rng.choice([cardinal(n), cardinal(n), cardinal(n) + " percent", rng.choice(["max", "maximum", "minimum", "half", "full", "zero", "medium", "the max"])])


class Slots:
    """Functions that fill the slots, and the lists read from the data folder."""

    def __init__(self, data, rng):
        self.rng = rng
        self.kind = "length"  # units of one sentence measure the same thing
        self.places = _places(data)
        self.holidays = [
            "christmas", "easter", "thanksgiving", "halloween", "new year's day", "new year's eve", "christmas day", "christmas eve",
            "valentine's day", "mother's day", "father's day", "independence day", "labor day", "memorial day", "good friday",
            "boxing day", "martin luther king day", "president's day", "columbus day", "veterans day", "st patrick's day", "easter monday",
        ]

    def place(self):
        return self.rng.choices(self.places[0], cum_weights=self.places[1])[0]

    def unit(self):
        return self.rng.choice(UNITS[self.kind].split()).replace("_", " ")

    def quantity(self):
        return f"{self.rng.choice([_number(self.rng), _number(self.rng), 'a', 'one', 'half a'])} {self.unit()}"

    def fill(self, name):
        rng = self.rng
        table = {
            "polite": lambda: rng.choice([""] * 8 + ["please ", "can you ", "could you ", "could you please ", "can you please ", "i want you to ", "hey ", "i'd like you to ", "okay "]),
            "please": lambda: rng.choice([""] * 7 + [" please", " for me", " now", " for me please"]),
            "place": self.place, "unit": self.unit, "quantity": self.quantity,
            "number": lambda: _number(rng), "small": lambda: cardinal(rng.randrange(2, 13)),
            "percent": lambda: f"{cardinal(rng.choice([5 * rng.randrange(1, 21), rng.randrange(1, 101)]))} percent",
            "time": lambda: _time(rng), "duration": lambda: _duration(rng), "duration1": lambda: _duration1(rng),
            "expression": lambda: _expression(rng), "date": lambda: _date(rng), "day": lambda: _day(rng),
            "aday": lambda: _alarm_day(rng), "weekday": lambda: rng.choice(DAYS), "level": lambda: _level(rng),
            "tname": lambda: rng.choice(NAMES), "aname": lambda: rng.choice(ALARMS), "task": lambda: rng.choice(TASKS),
            "holiday": lambda: rng.choice(self.holidays),
            "grocery": lambda: rng.choice("milk eggs bread butter cheese apples flour salt".split()),
            "digitstring": lambda: " ".join(cardinal(rng.randrange(10)) for _ in range(rng.randrange(2, 11))),
        }
        return table[name]()


def _places(data):
    """Names and cumulative weights: large cities more often, all countries and states."""
    weights = {}
    base = data / "text_knowledge/knowledge"
    for city in json.load(open(base / "city_timezones/cityMap.json", encoding="utf-8")):
        if city["pop"] >= 100000:
            name = " ".join(words(city["city_ascii"]))
            weights[name] = max(weights.get(name, 0), (city["pop"] / 1e5) ** 0.5)
    for country in json.load(open(base / "countries/countries.json", encoding="utf-8")):
        weights[" ".join(words(country["name"]["common"]))] = 4.0
        for capital in country.get("capital", []):
            name = " ".join(words(capital))
            weights[name] = weights.get(name, 0) + 3.0
    for name in ("california", "texas", "florida", "hawaii", "alaska", "england", "scotland", "wales", "new york city", "los angeles", "the united states", "america"):
        weights[name] = 6.0
    names = [n for n in sorted(weights) if n]
    total, cumulative = 0.0, []
    for name in names:
        total += weights[name]
        cumulative.append(total)
    return names, cumulative


_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")


def _expand(template, slots):
    text = template
    slots.kind = slots.rng.choice(list(UNITS))
    while "(" in text:
        text = _CHOICE.sub(lambda m: slots.rng.choice(m[1].split("|")), text, count=1)
    while "{" in text:
        text = _SLOT.sub(lambda m: slots.fill(m[1]), text)
    return text.split()


def generate(data, count, seed):
    """`count` sentences as lists of words."""
    rng = random.Random(seed)
    slots = Slots(data, rng)
    rows = [line.split(" ", 1) for line in TEMPLATES.strip().split("\n")]
    weights = [float(w) for w, _ in rows]
    for template in rng.choices([t for _, t in rows], weights, k=count):
        yield _expand(template, slots)


if __name__ == "__main__":
    import pathlib
    import sys

    for sentence in generate(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):
        print(" ".join(sentence))
