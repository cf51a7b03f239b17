"""Draws argument values: durations, clock times, days, expressions, quantities, names."""

import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates", "values")
ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen").split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
            "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth").split()
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
MONTHS = ("january february march april may june july august september october november "
          "december").split()


def words(n, conj=False):
    """Spoken form of a whole number; conj gives the British 'and'."""
    n = int(n)
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (" " + ONES[n % 10] if n % 10 else "")
    for size, name in ((10 ** 9, "billion"), (10 ** 6, "million"), (1000, "thousand"),
                       (100, "hundred")):
        if n >= size:
            rest = n % size
            text = words(n // size, conj) + " " + name
            if rest:
                text += (" and " if conj and (size == 100 or rest < 100) else " ") + words(rest, conj)
            return text
    raise ValueError(n)


def ordinal(n):
    if n <= 20:
        return ORDINALS[n - 1]
    return TENS[n // 10] + " " + ORDINALS[n % 10 - 1] if n % 10 else TENS[n // 10][:-1] + "ieth"


def read(name):
    with open(os.path.join(FOLDER, name + ".txt"), encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip()]


class Values:
    """All value kinds over one random source. digits: chance of figures instead of words."""

    def __init__(self, rng, cities=(), nouns=(), digits=0.12):
        self.rng, self.digits, self.nouns = rng, digits, list(nouns)
        self.lists = {n[:-4]: read(n[:-4]) for n in sorted(os.listdir(FOLDER))}
        self.cities = list(cities)
        self.figure = False

    def pick(self, seq):
        return seq[int(self.rng.random() * len(seq))]

    def chance(self, p):
        return self.rng.random() < p

    def fresh(self):
        """Called once per request: figures or words throughout."""
        self.figure = self.chance(self.digits)

    def number(self, n):
        if self.figure:
            return str(n)
        return words(n, self.chance(0.4))

    # -- durations ---------------------------------------------------------------------------
    def amount_of(self, unit):
        n = self.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 25, 30, 35, 40,
                       45, 50, 55, 60, 75, 90, 99, 100, 120, int(1 + self.rng.random() * 150)])
        if unit == "hour":
            n = self.pick([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 24, 36, 48])
        return n

    def duration(self):
        v = self.rng.random()
        unit = self.pick(["minute"] * 6 + ["second"] * 2 + ["hour"] * 2)
        n = self.amount_of(unit)
        if v < 0.62:
            if n == 1:
                return self.pick([self.number(1), "a" if unit != "hour" else "an"]) + " " + unit
            short = {"minute": "mins", "second": "secs", "hour": "hours"}[unit]
            return self.number(n) + " " + (short if self.chance(0.04) else unit + "s")
        if v < 0.72:
            return self.pick([
                "half an hour", "a half hour", "an hour and a half", "one and a half hours", "half a minute",
                "a quarter of an hour", "three quarters of an hour", "a minute and a half",
                "two and a half minutes", "one and a half minutes", "two and a half hours",
                "a couple of minutes", "a couple minutes", "a few minutes", "a couple of hours",
                "five and a half minutes", "an hour", "a minute", "a second", "a day", "two days", "one week",
                "a quarter hour", "half hour", "one half hour", "an hour and a quarter", "another minute"])
        a, b = self.pick([("hour", "minute"), ("hour", "minute"), ("minute", "second"), ("hour", "second")])
        x = 1 + int(self.rng.random() * (4 if a == "hour" else 30))
        y = self.pick([5, 10, 15, 20, 30, 40, 45, 50, 1 + int(self.rng.random() * 58)])
        first = (("an hour" if a == "hour" else "a minute") if x == 1 and self.chance(0.5)
                 else f"{self.number(x)} {a}{'s' if x > 1 else ''}")
        mid = self.pick([" and ", " and ", " "])
        second = f"{self.number(y)} {b}{'s' if y > 1 else ''}"
        if self.chance(0.06):
            third = f"{self.number(self.pick([10, 15, 30]))} seconds"
            return first + " " + second + mid + third
        return first + mid + second

    def duration_adjective(self):
        if self.chance(0.12):
            return self.pick(["half hour", "hour long", "one and a half hour", "two and a half minute",
                              "half a minute", "quarter hour", "ninety second", "two and a half hour"])
        unit = self.pick(["minute"] * 6 + ["second"] * 2 + ["hour"] * 2)
        return self.number(self.amount_of(unit)) + " " + unit

    # -- clock -------------------------------------------------------------------------------
    def time(self):
        h = 1 + int(self.rng.random() * 12)
        m = self.pick([0, 0, 0, 0, 5, 10, 15, 20, 25, 30, 30, 30, 35, 40, 45, 45, 50, 55,
                       int(self.rng.random() * 60)])
        v = self.rng.random()
        if v < 0.05:
            return self.pick(["noon", "midnight", "midday", "noon", "midnight", "sunrise", "dawn",
                              "twelve noon", "lunch time", "twelve midnight"])
        half = self.pick(["", "", " am", " pm", " am", " pm", " in the morning", " in the evening",
                          " in the afternoon", " at night", " a m", " p m"][:10 if self.chance(0.8) else 12])
        if v < 0.20:
            to = self.pick(["to", "to", "till", "of", "before"])
            past = self.pick(["past", "past", "past", "after"])
            hour = self.number(h)
            head = self.pick([f"half {past}", f"half {past}", f"quarter {past}", f"quarter {to}",
                              f"a quarter {past}", f"a quarter {to}",
                              f"{self.number(self.pick([5, 10, 20, 25]))} {past}",
                              f"{self.number(self.pick([5, 10, 20, 25]))} {to}",
                              f"{self.number(self.pick([3, 7, 12, 18, 22]))} minutes {self.pick([past, to])}"])
            return f"{head} {hour}{half}"
        if m == 0:
            return self.number(h) + self.pick(["", " o'clock", ""] if not half.endswith("m") else [""]) + half
        if self.figure:
            glue = half.replace(" ", "") if half in (" am", " pm") and self.chance(0.5) else half
            return f"{h}:{m:02d}{glue}"
        if m < 10:
            minute = self.pick(["oh ", "o "]) + words(m)
        else:
            minute = words(m)
        if self.chance(0.05):
            h = 13 + int(self.rng.random() * 11)
            return f"{words(h)} {self.pick([minute, 'hundred', 'hundred hours'])}"
        return f"{words(h)} {minute}{half}"

    def time_fromnow(self):
        return self.duration() + self.pick([" from now", " from now", " later"])

    def time_relative(self):
        return "in " + self.duration()

    # -- days --------------------------------------------------------------------------------
    def day(self):
        v = self.rng.random()
        d = self.pick(WEEKDAYS)
        if v < 0.36:
            return self.pick(["tomorrow"] * 5 + ["tomorrow morning", "tomorrow morning", "tomorrow evening",
                              "tomorrow night", "tomorrow afternoon", "the day after tomorrow", "today",
                              "tonight", "this evening", "this afternoon", "this morning"])
        if v < 0.72:
            return self.pick([d, d, d, "next " + d, "this " + d, d + " morning", d + " evening",
                              "this coming " + d, d + " night", "next week " + d, "a week from " + d])
        if v < 0.85:
            return self.date()
        return self.pick(["next week", "the weekend", "this weekend", "next weekend", "weekdays", "weekends",
                          "next month", "the first", "the fifteenth", "today", "this week"])

    def date(self):
        n = 1 + int(self.rng.random() * 31)
        m = self.pick(MONTHS)
        o = ordinal(n) if not self.figure else str(n) + ("st" if n % 10 == 1 and n != 11 else "th")
        return self.pick([f"{m} {o}", f"{m} the {o}", f"the {o} of {m}", f"{o} of {m}", f"{m} {self.number(n)}",
                          f"the {o}"])

    def day_repeat(self):
        d = self.pick(WEEKDAYS)
        return self.pick(["every day", "every day", "every weekday", "every " + d, "every morning", d + "s",
                          "on " + d + "s", "every night", "each day", "every weekend", "daily", "on weekdays",
                          "every " + d + " morning", "on weekends", "every single day", "each morning",
                          "every " + d + " and " + self.pick(WEEKDAYS), "weekdays", "each " + d])

    def day_freq(self):
        return self.pick(["daily", "weekday", "weekend", "tomorrow morning", "weekly"] + WEEKDAYS)

    def day_past(self):
        d = self.pick(WEEKDAYS)
        n = self.number(1 + int(self.rng.random() * 60))
        return self.pick(["yesterday", "yesterday", "last " + d, "the day before yesterday", n + " days ago",
                          "a week ago", "two weeks ago", "a month ago", "last week", self.date()])

    def day_offset(self):
        n = self.number(2 + int(self.rng.random() * (20 if self.chance(0.6) else 400)))
        unit = self.pick(["days", "days", "days", "weeks", "months"])
        return self.pick([f"{n} {unit} from now", f"{n} {unit} from today", f"in {n} {unit}", "a week from now",
                          "a week from today", "in a week", "two weeks from today", "in a month",
                          f"{n} {unit} from tomorrow", "a month from now", "in a fortnight", "in two weeks"])

    def day_possessive(self):
        d = self.pick(WEEKDAYS)
        return self.pick(["tomorrow's", "tomorrow's", "tomorrow's", "yesterday's", d + "'s", "next " + d + "'s",
                          "saturday's", "this " + d + "'s"])

    def day_holiday(self):
        return self.pick(self.lists["holiday"])

    # -- places ------------------------------------------------------------------------------
    def place(self):
        if self.cities and self.chance(0.4):
            return self.pick(self.cities)
        return self.pick(self.lists["place"])

    def place_zone(self):
        return self.pick(self.lists["zone"])

    # -- names -------------------------------------------------------------------------------
    def name(self, tool):
        if self.nouns and self.chance(0.3):  # any word may name a timer: copy it, do not learn it
            return self.pick(self.nouns) if self.chance(0.8) else self.pick(self.nouns) + " " + self.pick(self.nouns)
        return self.pick(self.lists["alarm_name" if tool.startswith("alarm") else "timer_name"])

    def name_task(self):
        return self.pick(self.lists["alarm_task"])

    # -- arithmetic --------------------------------------------------------------------------
    def operand(self, big=0.3):
        v = self.rng.random()
        if v < 0.05:
            if self.figure:
                return f"{int(self.rng.random() * 100)}.{1 + int(self.rng.random() * 9)}"
            return (words(int(self.rng.random() * 100)) + " point " + words(1 + int(self.rng.random() * 9)))
        if v < big:
            return self.number(self.pick([100, 200, 500, 1000, 1500, 2500, 250, 365, 144, 120, 10000, 1000000,
                                          int(100 + self.rng.random() * 900), int(self.rng.random() * 20000)]))
        if v < big + 0.02:
            return self.pick(["pi", "a dozen", "a hundred", "a thousand", "a half", "a third", "a million"])
        return self.number(int(self.rng.random() * (20 if self.chance(0.6) else 100)))

    def binary(self):
        if self.figure and self.chance(0.6):
            sep = self.pick([" ", " ", ""])
            return f"{self.operand(0.5)}{sep}{self.pick('+-*/')}{sep}{self.operand(0.5)}"
        op = self.pick(["plus", "plus", "plus", "minus", "minus", "times", "times", "times", "divided by",
                        "divided by", "multiplied by", "over", "into", "x", "and", "to the power of", "mod"])
        return f"{self.operand()} {op} {self.operand()}"

    def expression(self):
        v = self.rng.random()
        a, b = self.operand(), self.operand()
        if v < 0.52:
            return self.binary()
        if v < 0.62:
            return self.binary() + " " + self.pick(["plus", "minus", "times", "divided by"]) + " " + b
        if v < 0.75:
            p = self.pick([5, 10, 15, 18, 20, 25, 30, 40, 50, 60, 75, 80, 12, 7, 3, 33])
            pc = f"{p}%" if self.figure and self.chance(0.6) else self.number(p) + " percent"
            money = self.pick(["", "", "", " dollars", " pounds", " euros"])
            return self.pick([f"{pc} of {b}{money}", f"{pc} of {b}", f"{pc} off {b}{money}",
                              f"a {pc} tip on {b}{money}"])
        if v < 0.88:
            return self.pick([f"the square root of {b}", f"square root of {b}", f"{a} squared", f"{a} cubed",
                              f"the square of {a}", f"the cube root of {b}", f"{a} factorial", f"the sum of {a} and {b}",
                              f"the difference between {a} and {b}", f"the product of {a} and {b}",
                              f"{a} to the power of {b}", f"the root of {b}", f"sum of {a} and {b}",
                              f"the average of {a} and {b}", f"the remainder of {a} divided by {b}"])
        return self.pick([f"half of {b}", f"a third of {b}", f"a quarter of {b}", f"twice {b}", f"double {b}",
                          f"two thirds of {b}", f"three quarters of {b}", f"one half plus one third",
                          f"half of a {self.pick(['hundred', 'thousand', 'million'])}", f"negative {a} plus {b}",
                          f"one fifth of {b}", f"three fourths of {b}", f"a tenth of {b}"])

    def expression_imperative(self):
        a, b = self.operand(), self.operand()
        return self.pick([f"add {a} and {b}", f"add {a} to {b}", f"multiply {a} by {b}", f"multiply {a} and {b}",
                          f"multiply {a} times {b}", f"divide {a} by {b}", f"subtract {a} from {b}",
                          f"divide {a} into {b}", f"take {a} away from {b}", f"take {a} from {b}", f"square {a}",
                          f"double {a}", f"halve {a}", f"sum {a} and {b}", f"add {a} plus {b}",
                          f"raise {a} to the power of {b}", f"take the square root of {b}", f"add up {a} and {b}",
                          f"subtract {a} minus {b}", f"divide {a} and {b}", f"add {a} {b} and {self.operand()}"])

    # -- quantities --------------------------------------------------------------------------
    def quantity(self):
        """(amount, from, to) of one kind; units agree in number with the amount."""
        kind = self.pick(["length"] * 4 + ["mass"] * 3 + ["volume"] * 4 + ["time"] * 2
                         + ["speed", "area", "temperature", "temperature", "data"])
        units = self.lists["unit_" + kind]
        one, two = self.pick(units), self.pick(units)
        while two == one:
            two = self.pick(units)
        if kind == "temperature":
            return self.temperature()
        n, plural = self.amount()
        return n, self.unit(one, plural), self.unit(two, True)

    def amount(self):
        v = self.rng.random()
        if v < 0.2:
            return "a", False
        if v < 0.3:
            return self.number(1), False
        if v < 0.38:
            return self.pick([("half a", False), ("two and a half", True), ("one and a half", True),
                              ("a hundred", True), ("a dozen", True), ("three quarters of a", False),
                              ("one half", False), ("a thousand", True), ("three and a half", True),
                              ("a quarter", False), ("a couple of", True), ("half an", False)])
        if v < 0.44:
            return self.operand(0.05), True
        return self.number(self.pick([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 22, 25, 30, 40, 50, 60, 70, 75,
                                      80, 90, 100, 120, 150, 200, 250, 500, 1000, 5000,
                                      2 + int(self.rng.random() * 400)])), True

    @staticmethod
    def unit(line, plural):
        part = line.split()
        half = len(part) // 2
        return " ".join(part[half:] if plural else part[:half])

    def plural_pair(self):
        kind = self.pick(["length", "mass", "volume", "volume", "length", "time", "temperature"])
        units = self.lists["unit_" + kind]
        one, two = self.pick(units), self.pick(units)
        while two == one:
            two = self.pick(units)
        if kind == "temperature":
            return one, two
        plural = self.chance(0.85)
        return self.unit(one, plural), self.unit(two, plural)

    def temperature(self):
        units = self.lists["unit_temperature"]
        one, two = self.pick(units), self.pick(units)
        while two[:3] == one[:3] or two.split()[-1] == one.split()[-1]:
            two = self.pick(units)
        n = self.number(int(self.rng.random() * (110 if self.chance(0.8) else 450)))
        if self.chance(0.06):
            n = self.pick(["minus ", "negative "]) + n
        if self.chance(0.35) and not one.startswith(("degrees", "kelvin")):
            one = "degrees " + one
        return n, one, two

    # -- volume ------------------------------------------------------------------------------
    def level(self):
        v = self.rng.random()
        if v < 0.45:
            return self.level_number()
        if v < 0.7:
            return self.level_percent()
        return self.pick(["max", "maximum", "the maximum", "the max", "full", "minimum", "the minimum", "half", "zero",
                          "medium", "low", "high", "the highest level", "the lowest level", "level five", "halfway",
                          "level " + self.number(1 + int(self.rng.random() * 10)), "the lowest", "the highest",
                          "mute", "a half", "the middle", "fifty", "normal"])

    def level_number(self):
        return self.number(self.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80,
                                      90, 100]))

    def level_percent(self):
        n = self.pick([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95, 100])
        return f"{n}%" if self.figure and self.chance(0.6) else self.number(n) + " percent"
