"""Sentences to be spoken by synthetic voices: assistant requests of the text sets and own ones."""
import csv
import json
import random
import re

from words import ONES, normalise, number

PLACES = ("london new york paris tokyo berlin sydney chicago boston rome madrid toronto mumbai cairo "
          "seattle dublin moscow").replace("new york", "new_york").split()
DAYS = "today tomorrow monday tuesday wednesday thursday friday saturday sunday".split()
NAMES = "pasta eggs tea laundry pizza bread workout meeting rice coffee oven nap chicken".split()
UNITS = [("miles", "kilometers"), ("pounds", "kilograms"), ("cups", "milliliters"),
         ("feet", "meters"), ("inches", "centimeters"), ("ounces", "grams"),
         ("degrees fahrenheit", "degrees celsius"), ("gallons", "liters")]
TEMPLATES = """
what time is it | what's the time | what time is it in {place} | tell me the time | what is the date
what's the date {day} | what day is it {day} | what is today's date | what day of the week is it
set a timer for {duration} | set a {name} timer for {duration} | start a {duration} timer
timer for {duration} | set a timer for {duration} called {name} | cancel the timer | cancel the {name} timer
cancel my {name} timer | how much time is left on the timer | how long is left on the {name} timer
set an alarm for {time} | set an alarm for {time} {day} | wake me up at {time} | wake me at {time} {day}
cancel the alarm | cancel my {time} alarm | cancel the alarm for {time} | what alarms do i have {day}
do i have any alarms set | what is {sum} | how much is {sum} | calculate {sum} | what's {sum}
convert {amount} {unit} to {other} | how many {other} are in {amount} {unit} | what is {amount} {unit} in {other}
set the volume to {level} | volume {level} | turn the volume up | turn it up | turn up the volume
turn the volume down | turn it down | louder | quieter | stop | cancel | never mind | repeat that
say that again | stop the music | can you repeat that please | stop talking | be quiet
hello | good morning | good night | how are you | thank you | thanks | tell me a joke | who are you
turn on the lights | turn off the lights in the kitchen | what's the weather like in {place} {day}
will it rain {day} | remind me to call mom {day} at {time} | add {name} to my shopping list
play some music | jarvis what time is it | computer set a timer for {duration}
hey computer {sum} | jarvis stop | who was the first president of the united states
how far is the moon from the earth | what is the capital of france | how tall is mount everest
"""


def duration(rng):
    """A spoken length of time."""
    kind = rng.random()
    if kind < 0.5:
        return number(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 45, 50, 90,
                                  rng.randint(1, 99)])) + " " + rng.choice(
                                      ["minutes", "minutes", "seconds", "hours"])
    return rng.choice([
        "half an hour", "an hour", "a minute", "an hour and a half", "one minute", "one hour",
        f"{number(rng.randint(1, 12))} hours and {number(rng.randint(1, 59))} minutes",
        f"{number(rng.randint(1, 20))} and a half minutes",
        f"{number(rng.randint(1, 9))} minutes and {number(rng.randint(5, 55))} seconds",
        f"{number(rng.randint(1, 10))} minute", f"a quarter of an hour"])


def clock(rng):
    """A spoken time of day."""
    hour = number(rng.randint(1, 12))
    minute = rng.choice(["", "", "o'clock", "thirty", "fifteen", "forty five", "oh five",
                         number(rng.randint(10, 59))])
    plain = f"{hour} {minute}".strip()
    return rng.choice([
        plain, f"{plain} a m" if minute != "o'clock" else plain, f"half past {hour}",
        f"{plain} p m" if minute != "o'clock" else plain, f"quarter past {hour}",
        f"quarter to {hour}", f"{number(rng.choice([5, 10, 20, 25]))} past {hour}",
        f"{number(rng.choice([5, 10, 20, 25]))} to {hour}", f"{hour} in the morning",
        f"{hour} {rng.choice(['in the evening', 'in the afternoon', 'at night'])}", "noon", "midnight"])


def arithmetic(rng):
    """A spoken sum."""
    a, b = rng.randint(1, rng.choice([12, 100, 999])), rng.randint(1, rng.choice([12, 100]))
    sign = rng.choice(["plus", "minus", "times", "divided by", "multiplied by"])
    return rng.choice([f"{number(a)} {sign} {number(b)}"] * 5 + [
        f"{number(b)} percent of {number(a)}", f"the square root of {number(a)}",
        f"{number(b)} squared"])


def own(rng):
    """One sentence of the templates."""
    lines = [t.strip() for t in TEMPLATES.replace("\n", "|").split("|") if t.strip()]
    if rng.random() < 0.04:
        return " ".join(rng.choice(ONES[:10]) for _ in range(rng.randint(2, 7)))
    unit = rng.choice(UNITS)
    unit = unit if rng.random() < 0.5 else unit[::-1]
    level = rng.choice([number(rng.randint(0, 10)), number(rng.randint(1, 20) * 5),
                        number(rng.randint(1, 100)) + " percent"])
    return rng.choice(lines).format(
        place=rng.choice(PLACES).replace("_", " "), day=rng.choice(DAYS), name=rng.choice(NAMES),
        duration=duration(rng), time=clock(rng), sum=arithmetic(rng), unit=unit[0], other=unit[1],
        amount=number(rng.randint(1, rng.choice([20, 500]))), level=level)


def collected(folder):
    """Requests of CLINC150, HWU64 and SNIPS, as normalised words."""
    out = []
    with open(folder / "clinc150.tsv", encoding="utf-8") as file:
        out += [row.rstrip("\n").split("\t")[2] for row in file if row.startswith("train\t")]
    with open(folder / "hwu64.tsv", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        out += [row["user_text"] or "" for row in rows if row["split"] == "train"]
    for path in sorted((folder / "snips").glob("train_*.json")):
        for part in json.loads(path.read_text(encoding="utf-8", errors="replace")).values():
            out += ["".join(piece["text"] for piece in row["data"]) for row in part]
    out = [normalise(text) for text in out if re.fullmatch(r"[\x20-\x7e]+", text)]
    return sorted({text for text in out if text and 2 <= len(text.split()) <= 14})


def draw(folder, count, seed):
    """`count` sentences, a half of each kind, none twice."""
    rng = random.Random(seed)
    texts = collected(folder)
    rng.shuffle(texts)
    chosen = set(texts[:count // 2])
    while len(chosen) < count:
        chosen.add(own(rng))
    chosen = sorted(chosen)
    rng.shuffle(chosen)
    return chosen


COMMANDS = ("yes no up down left right on off stop go backward forward follow learn visual happy cancel help next "
            "back pause play louder quieter mute continue repeat start hello thanks bed bird cat dog house tree wow "
            "marvin sheila okay snooze volume lights music timer alarm weather news").split()


def short(count, seed):
    """Single command words and numbers, and rows of digits, as they are said alone."""
    rng, out = random.Random(seed), []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.3:
            out.append(rng.choice(COMMANDS))
        elif kind < 0.5:
            out.append(rng.choice(ONES[:10]))
        elif kind < 0.8:
            out.append(" ".join(rng.choice(ONES[:10]) for _ in range(rng.randint(2, 8))))
        else:
            out.append(number(rng.randint(10, rng.choice([99, 999, 9999]))))
    return out
