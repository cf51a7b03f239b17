"""Chooses the BPE merges: spoken requests count most, then replies, then general text."""

import collections
import glob
import os
import re

import bpe
import corpus
from lmformat import N_BYTES, N_CONTROL, VOCAB

WEIGHT_REQUEST, WEIGHT_REPLY, WEIGHT_TEMPLATE, GENERAL_LINES = 12, 4, 150, 25000
NUMBERS = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
           "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
           "eighty ninety hundred thousand million half quarter past").split()


def count(data):
    words = collections.Counter()

    def add(text, weight):
        for w in bpe.SPLIT.findall(text):
            if not any(c.isdigit() for c in w):  # digits stay single tokens
                words[w] += weight

    for row in corpus.labelled(data):
        weight = 2 if row[0] in ("opentrivia", "gsm8k", "sgd") else WEIGHT_REQUEST
        add(" " + row[2], weight)
    for text in corpus.utterances(data):
        add(" " + text, WEIGHT_REQUEST)
    for _, _, answer in corpus.smalltalk(data):
        add(answer, WEIGHT_REPLY)
    for _, setup, punchline in corpus.jokes(data):
        add(setup + " " + punchline, WEIGHT_REPLY)
    lines = list(corpus.general(data))
    for i, line in enumerate(lines[::max(1, len(lines) // GENERAL_LINES)]):
        add(" " + corpus.normalise(line) if i % 2 else line, 1)
    for path in glob.glob(os.path.join(os.path.dirname(__file__), "templates", "**", "*.txt"),
                          recursive=True):
        for word in re.findall(r"[A-Za-z']+", open(path, encoding="utf-8").read()):
            words[" " + word] += WEIGHT_TEMPLATE
    for n in NUMBERS:
        words[" " + n] += 3000
    for d in "0123456789":
        words[" " + d] += 20000
    return words


def build(data):
    merges = bpe.train(count(data), VOCAB - N_CONTROL - N_BYTES)
    return bpe.Tokenizer(merges)
