"""Builds everything the training reads: tokenizer, plain text, training rows, held-out rows.

    prepare.py --data DIR --work DIR [--rows 300000] [--merges assets/models/lm-f16.gguf]

DIR holds the text sets unpacked (text_assistant, text_hard, text_chat, text_knowledge,
text_general). Real sentences whose hash ends in 0 (one in ten) and template lines marked "!" are
held out and written to held_out.json for evaluate.py.
"""

import argparse
import glob
import hashlib
import json
import os
import random
import re
import time

import numpy as np

import bpe
import corpus
import general
import generate
import label
import vocab
from lmformat import TOOLS, normalise, prompt_ids, target_ids
from values import words

SEED = 20261121
LONGEST = 60
TOOL_SHARE = {"get_time": 8, "get_date": 9, "timer_set": 14, "timer_cancel": 7, "timer_query": 6, "alarm_set": 18,
              "alarm_cancel": 8, "alarm_query": 6, "calculate": 13, "convert": 15, "volume_set": 7, "volume_up": 5,
              "volume_down": 5, "stop": 6, "cancel": 8, "repeat": 7}
# Share of all rows, and of the cloud rows by where they come from.
SHARE = {"tools": 0.38, "tools_real": 0.09, "talk": 0.11, "talk_real": 0.06, "cloud": 0.36}
CLOUD_SHARE = {"clinc": 30, "hwu": 9, "slurp": 3, "snips": 9, "home_assistant": 3, "sgd": 11, "webquestions": 6,
               "gsm8k": 2, "seed_tasks": 1, "banking77": 6, "opentrivia": 9, "near": 15}
MISHEARD = {"for": "four", "to": "two", "two": "to", "timer": "time her", "alarm": "alarmed", "what's": "what is",
            "is": "as", "in": "and", "the": "a", "a": "the", "set": "said", "volume": "volumes", "are": "our",
            "an": "and", "time": "times", "how": "oh", "at": "it", "my": "mine", "of": "off", "and": "an"}
MONEY = re.compile(r"\$(\d+)(?:\.\d+)?$")


def held_out(text):
    return hashlib.sha1(text.encode()).digest()[0] % 10 == 0


def spoken_word(word, conj):
    """One typed word as the recogniser would write it."""
    if word.isalpha() or not re.search(r"[\d%$+*/-]", word):
        return word
    m = MONEY.match(word)
    if m:
        return words(m.group(1), conj) + " dollars" if len(m.group(1)) < 10 else word
    out = []
    for part in re.findall(r"\d+:\d+|\d+\.\d+|\d+|[a-z']+|[%+*/-]", word):
        if ":" in part:
            h, m = part.split(":")
            if len(h) > 4 or len(m) > 4:
                return word
            out.append(words(h) + (" " + ("oh " if int(m) < 10 else "") + words(m) if int(m) else ""))
        elif "." in part:
            a, b = part.split(".")
            if len(a) > 9 or len(b) > 9:
                return word
            out.append(words(a, conj) + " point " + " ".join(words(d) for d in b))
        elif part.isdigit():
            if len(part) > 9:
                return word
            clock = len(part) in (3, 4) and word[len(part):] in ("am", "pm") and word.startswith(part)
            year = len(part) == 4 and "1100" <= part <= "1999"
            if (clock or year) and int(part[-2:]) >= 10:
                out.append(words(part[:-2]) + " " + words(part[-2:]))
            else:
                out.append(words(part, conj))
        else:
            out.append({"%": "percent", "+": "plus", "*": "times", "/": "over", "-": "minus", "st": "", "nd": "",
                        "rd": "", "th": "", "s": "s"}.get(part, part))
    return " ".join(" ".join(out).split())


def spoken(text, conj):
    return " ".join(spoken_word(w, conj) for w in text.split())


class Maker:
    def __init__(self, data, rng):
        self.rng = rng
        self.cities = self.read_cities(data)
        self.gen = generate.Generator(rng, self.cities, self.read_nouns(data))
        self.near = generate.sections("cloud.txt")
        self.talk = {key: (lines, replies) for key, lines, replies in generate.talk_lines()}
        self.replies = {key: part[1] for key, part in self.talk.items()}
        self.replies["joke"] = self.read_jokes(data)
        self.tool_names = list(TOOL_SHARE)
        self.tool_weights = [TOOL_SHARE[t] for t in self.tool_names]
        self.common = []

    @staticmethod
    def read_cities(data):
        path = os.path.join(corpus.find(data, "knowledge"), "city_timezones", "cityMap.json")
        rows = json.load(open(path, encoding="utf-8"))
        rows = sorted(rows, key=lambda r: -(r.get("pop") or 0))[:1500]
        names = {normalise(r["city_ascii"]) for r in rows}
        return sorted(n for n in names if re.fullmatch(r"[a-z]+( [a-z]+){0,2}", n) and len(n) > 2)

    @staticmethod
    def read_nouns(data):
        """Words that end a request after an article: things people talk of."""
        found = {}
        for text in corpus.utterances(data):
            for w in re.findall(r"\b(?:the|my|a) ([a-z]{3,10})$", text):
                found[w] = found.get(w, 0) + 1
        bad = set("timer timers alarm alarms time day minute minutes hour hours second seconds volume all".split())
        return sorted(w for w in found if w not in bad)

    @staticmethod
    def read_jokes(data):
        out = []
        for kind, setup, punch in corpus.jokes(data):
            text = setup + " " + punch
            if kind == "general" and len(text) < 95 and text.isascii() and setup.endswith("?"):
                out.append(text if text[-1] in ".!?" else text + ".")
        return sorted(out, key=len)[::3][:24]

    def pick(self, seq):
        return seq[int(self.rng.random() * len(seq))]

    def noise(self, pieces):
        """Hesitations and recogniser slips outside the arguments."""
        out = []
        for text, arg in pieces:
            if not arg:
                ws = text.split()
                r = self.rng.random()
                k = int(self.rng.random() * len(ws))
                if r < 0.025 and len(ws) > 2:
                    del ws[k]
                elif r < 0.055:
                    ws[k] = MISHEARD.get(ws[k], ws[k])
                elif r < 0.065 and len(ws) > 3:
                    ws[k] = self.pick(self.common)
                elif r < 0.085:
                    ws.insert(k, self.pick(["um", "uh", "er", ws[k], "like"]))
                text = " ".join(ws)
            out.append((text, arg))
        return out

    def tool_row(self):
        tool = self.rng.choices(self.tool_names, self.tool_weights)[0]
        pieces, answer = self.gen.tool(tool)
        if self.rng.random() < 0.5:
            pieces = self.noise(pieces)
        return " ".join(" ".join(t for t, _ in pieces).split()), answer

    def near_row(self, held=False):
        key = self.pick(list(self.near))
        self.gen.values.fresh()
        text = self.gen.expand(self.pick(self.near[key][0]))
        quantity = dict(zip(("amount", "from", "to"), self.gen.values.quantity()))
        text = generate.SLOT.sub(lambda m: self.gen.slot("alarm_set" if m.group(3) == "task" else "timer_set", m.group(1),
                                                         m.group(2), m.group(3), quantity)[-1][0], text)
        return self.led(normalise(text)), ("cloud",)

    def led(self, text, p=0.12):
        if self.rng.random() < p:
            text = self.pick(generate.PLAIN_LEAD) + " " + text
        if self.rng.random() < p / 2:
            text += " " + self.pick(["please", "linnet", "please", "now"])
        return text

    def reply(self, intent):
        return "reply", self.pick(self.replies[intent])

    def talk_row(self):
        intent = self.rng.choices(self.talk_names, self.talk_weights)[0]
        return self.led(self.pick(self.talk_sentences[intent]), 0.15), self.reply(intent)

    def begin_talk(self):
        self.talk_sentences = {k: [s for line in v[0] for s in generate.all_choices(line)] for k, v in self.talk.items()}
        self.talk_names = list(self.talk_sentences)
        self.talk_weights = [len(self.talk_sentences[k]) ** 0.5 for k in self.talk_names]
        for k in ("joke", "what_can_you_do", "who_are_you", "your_name", "greeting", "how_are_you", "thanks"):
            self.talk_weights[self.talk_names.index(k)] *= 1.7

    def real_row(self, row, answer):
        text = row[2]
        if re.search(r"\d", text) and self.rng.random() < 0.75:
            conj = self.rng.random() < 0.4
            text = spoken(text, conj)
            if answer[0] in TOOLS:
                answer = answer[0], [(k, spoken(v, conj)) for k, v in answer[1]]
        text = re.sub(r"^(?:olly|pda|ai|google|alexa|siri|echo|s\d) |\b(?:olly|pda) ", "", text) \
            if self.rng.random() < 0.7 else text
        if answer[0] == "cloud" and self.rng.random() < 0.4:
            text = " ".join(t for t, _ in self.noise([(text, None)]))
        return self.led(text, 0.1), answer


def split_real(data):
    """({group: [(row, answer)]} to train on, [(row, answer)] held out)."""
    train, held = {}, []
    seen = set()
    for row in corpus.labelled(data):
        if row[2] in seen or not row[2]:
            continue
        seen.add(row[2])
        answer = label.label(row)
        if answer is None:
            continue
        if answer[0] in TOOLS and not label.spans_ok(row[2], [v for _, v in answer[1]]):
            continue
        if held_out(row[2]):
            held.append((row, answer))
            continue
        kind = "cloud:" + row[0].split("-")[0] if answer[0] == "cloud" else \
            "talk_real" if answer[0] == "talk" else "tools_real"
        train.setdefault(kind, []).append((row, answer))
    return train, held


def build_rows(maker, train, n):
    """Yields (request, answer)."""
    rng = maker.rng
    for _ in range(int(n * SHARE["tools"])):
        yield maker.tool_row()
    by_tool = {}
    for row, answer in train["tools_real"]:
        by_tool.setdefault(answer[0], []).append((row, answer))
    names = sorted(by_tool)
    weights = [len(by_tool[k]) ** 0.6 for k in names]
    for _ in range(int(n * SHARE["tools_real"])):
        yield maker.real_row(*maker.pick(by_tool[rng.choices(names, weights)[0]]))
    for _ in range(int(n * SHARE["talk"])):
        yield maker.talk_row()
    for _ in range(int(n * SHARE["talk_real"])):
        row, answer = maker.pick(train["talk_real"])
        yield maker.real_row(row, maker.reply(answer[1]))
    total = sum(CLOUD_SHARE.values())
    for source, share in CLOUD_SHARE.items():
        many = int(n * SHARE["cloud"] * share / total)
        if source == "near":
            for _ in range(many):
                yield maker.near_row()
            continue
        pool, k = list(train["cloud:" + source]), 0
        while k < many:
            rng.shuffle(pool)
            for row, answer in pool[:many - k]:
                yield maker.real_row(row, answer)
            k += len(pool)


def template_held_out(maker, per_line=12):
    """Requests from the template lines that are never trained."""
    out = []
    for tool in TOOLS:
        for line in maker.gen.tools[tool][1]:
            for _ in range(per_line):
                maker.gen.values.fresh()
                saved = maker.gen.tools[tool]
                maker.gen.tools[tool] = (saved[0], [line], saved[2])
                pieces, answer = maker.gen.tool(tool, held_out=True)
                maker.gen.tools[tool] = saved
                out.append((["template", tool, " ".join(t for t, _ in pieces), []], answer))
    for intent, lines, _ in generate.talk_lines(held_out=True):
        for line in lines:
            out.append((["template", intent, line, []], ("talk", intent)))
    return out


def encode_rows(tok, rows, path):
    ids, start, prompt = [], [0], []
    total = 0
    for text, answer in rows:
        head = prompt_ids(tok, " ".join(text.split()))
        if len(head) > LONGEST or len(head) < 4:
            continue
        body = target_ids(tok, answer)
        ids.append(np.array(head + body, np.uint16))
        total += len(head) + len(body)
        start.append(total)
        prompt.append(len(head))
    np.savez(path, ids=np.concatenate(ids), start=np.array(start, np.int64), prompt=np.array(prompt, np.int32))
    return len(prompt), total


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--data", default=os.environ.get("LINNET_DATA", "../shared/data"))
    ap.add_argument("--work", required=True)
    ap.add_argument("--rows", type=int, default=300000)
    ap.add_argument("--merges", help="take the tokenizer of this GGUF file or merges.txt: to go on from its weights")
    args = ap.parse_args()
    os.makedirs(args.work, exist_ok=True)
    begin = time.time()

    def say(text):
        print(f"{time.time() - begin:6.1f} s  {text}", flush=True)

    merges = os.path.join(args.work, "merges.txt")
    if args.merges:
        from export import read_weights
        tok = bpe.Tokenizer(read_weights(args.merges)) if args.merges.endswith(".gguf") else \
            bpe.Tokenizer.load(args.merges)
        tok.save(merges)
    else:
        tok = vocab.build(args.data)
        tok.save(merges)
        say("tokenizer built")
        stream = general.stream(tok, args.data, np.random.default_rng(SEED))
        np.save(os.path.join(args.work, "general.npy"), stream)
        np.save(os.path.join(args.work, "embedding.npy"), general.embedding(stream, 256))
        say(f"plain text: {len(stream)} tokens")
    maker = Maker(args.data, random.Random(SEED))
    maker.begin_talk()
    maker.common = [w for t in list(corpus.utterances(args.data))[:800] for w in t.split()]
    train, held = split_real(args.data)
    say(f"real rows: {sum(map(len, train.values()))} to train on, {len(held)} held out")
    held += template_held_out(maker)
    with open(os.path.join(args.work, "held_out.json"), "w", encoding="utf-8") as f:
        json.dump(held, f, indent=0)
    n, tokens = encode_rows(tok, build_rows(maker, train, args.rows), os.path.join(args.work, "train.npz"))
    say(f"training rows: {n}, {tokens} tokens")


if __name__ == "__main__":
    assert glob.glob(os.path.join(generate.FOLDER, "*.txt"))
    main()
