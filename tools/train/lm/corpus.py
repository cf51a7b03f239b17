"""Readers for the real text sets: (source, intent, request, slots) rows and plain text."""

import csv
import glob
import json
import os
import re

from lmformat import normalise

SLOT = re.compile(r"\[\s*([\w ]+?)\s*:\s*([^\]]*?)\s*\]")


def find(data, name):
    """Unpacked folder of one text set: DIR/text_x/... or DIR/..."""
    for d in (os.path.join(data, "text_" + name, name), os.path.join(data, name)):
        if os.path.isdir(d):
            return d
    raise SystemExit(f"{data}: no unpacked text_{name}.tar.xz here")


def annotated(text):
    """'wake me at [time : five am]' -> (plain text, [(slot, value), ...])."""
    slots = [(k, normalise(v)) for k, v in SLOT.findall(text)]
    return normalise(SLOT.sub(r" \2 ", text)), slots


def clinc(data):
    path = os.path.join(find(data, "assistant"), "clinc150.tsv")
    for line in open(path, encoding="utf-8"):
        split, intent, text = line.rstrip("\n").split("\t")[:3]
        yield "clinc-" + split, intent, normalise(text), []


def hwu(data):
    path = os.path.join(find(data, "assistant"), "hwu64.tsv")
    for line in open(path, encoding="utf-8"):
        col = line.rstrip("\n").split("\t")
        if col[1] != "intent":
            text, slots = annotated(col[2])
            yield "hwu", col[1], re.sub(r"^s\d ", "", text), slots


def slurp(data):
    path = os.path.join(find(data, "assistant"), "slurp_devel.tsv")
    for line in open(path, encoding="utf-8"):
        col = line.rstrip("\n").split("\t")
        text, slots = annotated(col[1])
        yield "slurp", col[0], text, slots


def snips(data):
    for path in sorted(glob.glob(os.path.join(find(data, "assistant"), "snips", "*.json"))):
        raw = json.load(open(path, encoding="latin-1"))
        for intent, rows in raw.items():
            for row in rows:
                yield "snips", intent, normalise("".join(p["text"] for p in row["data"])), []


def home_assistant(data):
    """Sentences of the tests: (intent, sentence)."""
    root = os.path.join(find(data, "assistant"), "home_assistant", "tests", "en")
    for path in sorted(glob.glob(root + "/**/*.yaml", recursive=True)):
        text = open(path, encoding="utf-8").read()
        names = re.findall(r"name:\s*(Hass\w+)", text)
        intent = names[0] if names else os.path.basename(os.path.dirname(path))
        for s in re.findall(r"^\s+- \"?([^\":{}\[\]]{4,90}?)\"?$", text, re.M):
            if not s.startswith("Hass"):
                yield "home_assistant", intent, normalise(s), []


def dialogues(data, limit=40000):
    """User turns that open a Schema-Guided dialogue or change its intent."""
    path = os.path.join(find(data, "assistant"), "sgd_train.jsonl")
    n = 0
    for line in open(path, encoding="utf-8"):
        seen = None
        for turn in json.loads(line)["turns"]:
            if turn["s"] == "U" and turn.get("intent") not in (None, "NONE", seen):
                seen = turn["intent"]
                n += 1
                if n <= limit:
                    yield "sgd", seen, normalise(turn["t"]), []


def questions(data):
    root = find(data, "hard")
    for name in ("webquestions_trainmodel.json", "webquestions_val.json"):
        text = open(os.path.join(root, name), encoding="utf-8").read()
        for q in re.findall(r'"qText": "((?:[^"\\]|\\.)*)"', text):
            yield "webquestions", "question", normalise(q), []
    for line in open(os.path.join(root, "gsm8k_train.jsonl"), encoding="utf-8"):
        yield "gsm8k", "word_problem", normalise(json.loads(line)["question"]), []
    for line in open(os.path.join(root, "seed_tasks.jsonl"), encoding="utf-8"):
        yield "seed_tasks", "task", normalise(json.loads(line)["instruction"]), []
    with open(os.path.join(root, "banking77_train.csv"), encoding="utf-8") as f:
        for row in csv.reader(f):
            if len(row) == 2 and row[1] != "category":
                yield "banking77", row[1], normalise(row[0]), []
    for path in sorted(glob.glob(os.path.join(root, "opentrivia", "*"))):
        if os.path.isfile(path) and "." not in os.path.basename(path):
            text = open(path, encoding="utf-8", errors="replace").read()
            for q in re.findall(r"^#Q (.*)", text, re.M):
                yield "opentrivia", os.path.basename(path), normalise(q), []


def utterances(data):
    """SLURP language-model sentences: no labels."""
    path = os.path.join(find(data, "assistant"), "slurp_lm.txt")
    for line in open(path, encoding="utf-8"):
        yield normalise(line)


def general(data):
    """Paragraphs of books and encyclopedia in plain ASCII."""
    for name in ("books.txt", "wiki.txt"):
        for line in open(os.path.join(find(data, "general"), name), encoding="utf-8"):
            line = line.strip().replace("\u2019", "'").replace("\u2018", "'")
            line = re.sub("[\u201c\u201d]", '"', line).replace("\u2014", "--")
            if len(line) > 60 and line.isascii():
                yield line


def smalltalk(data):
    """(prompt, answer) pairs of the chatterbot corpus."""
    for path in sorted(glob.glob(os.path.join(find(data, "chat"), "chatterbot", "*.yml"))):
        prompt = None
        for line in open(path, encoding="utf-8"):
            m = re.match(r"^(- - |  - )(.*)", line.rstrip())
            if not m:
                continue
            if m.group(1) == "- - ":
                prompt = m.group(2)
            elif prompt:
                yield os.path.basename(path)[:-4], normalise(prompt), m.group(2).strip()
                prompt = None


def jokes(data):
    rows = json.load(open(os.path.join(find(data, "chat"), "jokes_index.json"), encoding="utf-8"))
    for r in rows:
        yield r["type"], r["setup"].strip(), r["punchline"].strip()


def labelled(data):
    """Every real request with its set and its intent there."""
    for reader in (clinc, hwu, slurp, snips, home_assistant, dialogues, questions):
        for row in reader(data):
            if row[2]:
                yield row
