"""Expands the template files into requests with answers.

A request is a list of (text, argument or None) pieces; an answer is ("cloud",), ("reply", text)
or (tool, [(argument, value), ...]).
"""

import os
import re

from lmformat import TOOLS
from values import Values

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
CHOICE = re.compile(r"\(([^()]*)\)")
SLOT = re.compile(r"\{(\w+)(?:([:=])([^}]*))?\}|\[(\w+)\]")
LEAD = (["please", "hey", "okay", "ok", "can you", "could you please", "can you please", "would you", "um", "uh",
         "so", "hey linnet", "linnet", "now", "alright", "hi", "i want you to", "i need you to", "will you",
         "could you", "go ahead and", "just", "hello", "well", "computer", "jarvis", "hey jarvis", "quickly", "yo",
         "actually", "excuse me", "would you please", "would you mind", "do me a favor and", "let's", "please can you"])
PLAIN_LEAD = ["hey", "okay", "um", "uh", "so", "hey linnet", "linnet", "alright", "hi", "well", "hey computer",
              "computer", "jarvis", "hello", "excuse me", "and", "oh", "hmm", "please", "quick", "yo", "ok", "now"]
TAIL = ["please", "please", "please", "for me", "now", "thanks", "thank you", "linnet", "right now", "okay",
        "if you can", "would you", "for me please", "if you please", "will you", "quickly"]
IMPERATIVE = set("""set start create make begin give add put run cancel stop delete remove clear end turn kill get
check show read list tell convert change translate switch increase raise boost decrease lower reduce calculate compute
work figure solve evaluate find schedule wake count countdown time notify alert say repeat mute unmute crank pump
multiply divide subtract disable deactivate erase confirm remind ring""".split())


def sections(name):
    """{key: (training lines, held-out lines, replies)} of a template file."""
    out, key = {}, None
    with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if not line or line.startswith(";"):
                continue
            if line.startswith("= "):
                key = line[2:].strip()
                out.setdefault(key, ([], [], []))
            elif line.startswith("> "):
                out[key][2].append(line[2:])
            elif line.startswith("! "):
                out[key][1].append(line[2:])
            else:
                out[key][0].append(line)
    return out


def variants(line):
    """How many sentences the choices of a line make."""
    n = 1
    for m in CHOICE.finditer(line):
        n *= m.group(1).count("|") + 1
    return n


class Generator:
    def __init__(self, rng, cities=(), nouns=()):
        self.rng = rng
        self.values = Values(rng, cities, nouns)
        self.tools = sections("tools.txt")
        self.weights = {}
        for key, (train, _, _) in self.tools.items():
            w = [(variants(t) * (4 if "{" in t else 1)) ** 0.4 for t in train]
            total, acc = sum(w), 0.0
            self.weights[key] = []
            for x in w:
                acc += x / total
                self.weights[key].append(acc)

    def pick(self, seq):
        return seq[int(self.rng.random() * len(seq))]

    def expand(self, line):
        while True:
            new = CHOICE.sub(lambda m: self.pick(m.group(1).split("|")), line)
            if new == line:
                return " ".join(new.split())
            line = new

    def line(self, tool, held_out):
        if held_out:
            return self.pick(self.tools[tool][1])
        r = self.rng.random()
        for acc, text in zip(self.weights[tool], self.tools[tool][0]):
            if r <= acc:
                return text
        return self.tools[tool][0][-1]

    def tool(self, tool, held_out=False):
        """(pieces, answer) of one request for a tool."""
        v = self.values
        v.fresh()
        text = self.expand(self.line(tool, held_out))
        quantity = None
        if "{amount" in text or "{from" in text:
            quantity = self.quantity(text)
        pieces, at = [], 0
        for m in SLOT.finditer(text):
            pieces.append((text[at:m.start()], None))
            pieces += self.slot(tool, m.group(1), m.group(2), m.group(3), quantity)
            at = m.end()
        pieces.append((text[at:], None))
        pieces = [(" ".join(t.split()), a) for t, a in pieces if t.strip()]
        order = TOOLS[tool]
        args = sorted(((a, t) for t, a in pieces if a), key=lambda p: order.index(p[0]))
        return self.dress(pieces), (tool, args)

    def quantity(self, text):
        v = self.values
        if ":temperature" in text:
            return dict(zip(("amount", "from", "to"), v.temperature()))
        if "{from:plural}" in text:
            return dict(zip(("from", "to"), v.plural_pair()))
        return dict(zip(("amount", "from", "to"), v.quantity()))

    def slot(self, tool, name, sign, kind, quantity):
        v = self.values
        if sign == "=":
            return [(kind, name)]
        if name in ("amount", "from", "to"):
            return [(quantity[name], name)]
        if name == "name" and kind == "adjective":
            return [(v.duration_adjective(), name)]
        if name == "day" and kind == "opt":
            return self.optional_day()
        if name == "day" and kind == "repeat":
            return [self.without_on(v.day_repeat(), name)] if self.rng.random() < 0.5 else \
                self.split_on(v.day_repeat(), name)
        if name == "day" and kind == "date":
            return [(v.date(), name)]
        if name == "name":
            return [(v.name_task() if kind == "task" else v.name(tool), name)]
        method = name if not kind else f"{name}_{kind}"
        return [(getattr(v, method)(), name)]

    @staticmethod
    def without_on(text, name):
        return (text[3:] if text.startswith("on ") else text, name)

    @staticmethod
    def split_on(text, name):
        return [("on", None), (text[3:], name)] if text.startswith("on ") else [(text, name)]

    def optional_day(self):
        v = self.values
        r = self.rng.random()
        if r < 0.5:
            return []
        if r < 0.62:
            return self.split_on(v.day_repeat(), "day")
        day = v.day()
        dated = day.split()[0] in ("the", "weekdays", "weekends") or day.split()[-1].endswith(("th", "rd", "st"))
        weekday = day.split()[0] in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        if (dated or weekday) and not day.startswith("the day") and self.rng.random() < 0.7:
            return [("on", None), (day, "day")]
        if self.rng.random() < 0.1:
            return [("for", None), (day, "day")]
        return [(day, "day")]

    def dress(self, pieces):
        """Polite words before and after."""
        first = pieces[0][0].split()[0] if pieces[0][1] is None else ""
        last = pieces[-1][0].split()[-1]
        r = self.rng.random()
        if r < 0.28:
            lead = self.pick(LEAD if first in IMPERATIVE else PLAIN_LEAD)
            pieces = [(lead, None)] + pieces
        if last != "please" and self.rng.random() < 0.14:
            pieces = pieces + [(self.pick(TAIL), None)]
        return pieces


def talk_lines(held_out=False):
    """[(intent, [sentences' lines], [replies])] of the small-talk file."""
    return [(key, part[1] if held_out else part[0], part[2])
            for key, part in sections("smalltalk.txt").items()]


def parse(line, at=0):
    """Choice tree from position at: ([alternatives of sequences of text or trees], end)."""
    alternatives, sequence, text = [], [], ""
    while at < len(line) and line[at] != ")":
        c = line[at]
        if c == "(":
            tree, at = parse(line, at + 1)
            sequence += [text, tree]
            text = ""
        elif c == "|":
            alternatives.append(sequence + [text])
            sequence, text = [], ""
        else:
            text += c
        at += 1
    alternatives.append(sequence + [text])
    return alternatives, at


def all_choices(line):
    """Every sentence a choice line can make (talk lines have at most some thousands)."""

    def grow(alternatives):
        out = []
        for sequence in alternatives:
            heads = [""]
            for item in sequence:
                tails = [item] if isinstance(item, str) else grow(item)
                heads = [h + t for h in heads for t in tails]
            out += heads
        return out

    return sorted({" ".join(t.split()) for t in grow(parse(line)[0])})
