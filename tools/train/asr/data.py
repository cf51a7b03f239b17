"""Prepared utterances in memory-mapped form, and batches of them."""
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import mel  # noqa: E402
import mmi  # noqa: E402
import phones  # noqa: E402

MAX_FRAMES = 1600


@dataclass
class Utterance:
    """One row of a set: where its frames lie, its words, its phones."""
    name: str
    number: int
    mel: np.ndarray  # (frames, 80) float16, on disk
    room: np.ndarray  # the same through a room, or None
    split: str
    speaker: str
    text: str
    chain: list  # (phone, optional): the transcript with optional silences
    labels: np.ndarray  # row of the output for each 10 ms frame, or None
    known_graph: mmi.Graph = None

    @property
    def frames(self):
        return len(self.mel)

    def graph(self, rows):
        """The states of its transcript, made at the first use."""
        if self.known_graph is None:
            self.known_graph = mmi.Graph(self.chain, rows)
        return self.known_graph

    @property
    def reference(self):
        """Phones without silence, for scoring."""
        return [phone for phone, optional in self.chain if not optional]


def phone_number(name):
    """Number of a phone of an alignment; noises count as silence."""
    return phones.INDEX.get(name.rstrip("012"), phones.SIL)


def parse_alignment(line, frames, rows):
    """Chain and frame labels of a line of NAME.own; gaps between phones are silence."""
    labels = np.zeros(frames, np.int16)
    chain, before, end = [(phones.SIL, True)], phones.SIL, 0
    for word in line.split(" | "):
        spans = [item.split(":") for item in word.split()]
        spans = [(phone_number(name), int(start), int(length)) for name, start, length in spans]
        if all(phone == phones.SIL for phone, _, _ in spans):
            continue
        for phone, start, length in spans:
            before = before if start == end else phones.SIL
            labels[start:start + length] = rows.pairs[before, phone]
            before, end = phone, start + length
            chain.append((phone, False))
        chain.append((phones.SIL, True))
    return chain, labels


def spelt_chain(text, lexicon):
    """The chain of a transcript by first pronunciations."""
    chain = [(phones.SIL, True)]
    for word in text.split():
        chain += [(phone, False) for phone in phones.encode(lexicon.pronunciations(word)[0])]
        chain.append((phones.SIL, True))
    return chain


def load_set(work, name, lexicon, rows_of):
    """All utterances of a prepared set with their alignments (NAME.own), where there are any."""
    rows = [line.rstrip("\n").split("\t")
            for line in (work / f"{name}.tsv").read_text(encoding="utf-8").splitlines()]
    lines = [""] * len(rows)
    path = work / f"{name}.own"
    if path.exists():
        lines = path.read_text(encoding="utf-8").split("\n")
    shape = (-1, mel.BINS)
    if not any(rows):
        return []
    values = np.memmap(work / f"{name}.mel", np.float16, "r").reshape(shape)
    path = work / f"{name}.room"
    room = np.memmap(path, np.float16, "r").reshape(shape) if path.exists() else None
    out = []
    for number, (row, line) in enumerate(zip(rows, lines)):
        start, frames = int(row[2]), int(row[3])
        if line and line != "!":
            chain, labels = parse_alignment(line, frames, rows_of)
        else:
            chain, labels = spelt_chain(row[6], lexicon), None
        split = "bad" if line == "!" and row[4] == "train" else row[4]
        part = slice(start, start + frames)
        out.append(Utterance(name, number, values[part], None if room is None else room[part],
                             split, row[5], row[6], chain, labels))
    return out


def trainable(utterances, need_labels):
    """Those to train on: not held out, not too long, enough frames for their phones."""
    return [u for u in utterances if u.split == "train" and u.frames <= MAX_FRAMES and
            (u.labels is not None or not need_labels) and
            len(u.reference) > 0 and u.frames >= 4 * len(u.reference)]


def noise_only(work):
    """Four-second pieces of the first noise set, where nothing is said: silence is what to hear."""
    values = np.memmap(work / "noise.mel", np.float16, "r").reshape(-1, mel.BINS)
    labels = np.zeros(400, np.int16)
    return [Utterance("noise", number, values[400 * number:400 * number + 400], None, "train", "", "",
                      [(phones.SIL, True)], labels) for number in range(480)]


def batches(utterances, seconds, rng):
    """Lists of utterances of similar length, about `seconds` of sound each, in random order."""
    order = sorted(utterances, key=lambda u: u.frames * rng.uniform(0.85, 1.15))
    out, current, longest = [], [], 0
    for utterance in order:
        longest = max(longest, utterance.frames)
        if current and longest * (len(current) + 1) > seconds * 100:
            out.append(current)
            current, longest = [], utterance.frames
        current.append(utterance)
    out.append(current)
    rng.shuffle(out)
    return out


def collate(batch, room_share, rng):
    """Padded mel (batch, frames, 80) with the edge repeated, lengths, and labels (0 padded)."""
    longest = max(u.frames for u in batch)
    values = np.empty((len(batch), longest, mel.BINS), np.float32)
    labels = np.zeros((len(batch), longest), np.int64)
    for row, u in enumerate(batch):
        source = u.room if u.room is not None and rng.random() < room_share else u.mel
        values[row, :u.frames] = source
        values[row, u.frames:] = source[-1]
        if u.labels is not None:
            labels[row, :u.frames] = u.labels
    lengths = torch.tensor([u.frames for u in batch])
    return torch.from_numpy(values), lengths, torch.from_numpy(labels)


def load(work, names, lexicon, rows_of):
    """All utterances of the named sets that are prepared."""
    out = []
    for name in names:
        if (work / f"{name}.tsv").exists():
            out += load_set(work, name, lexicon, rows_of)
    return out


def epoch(utterances, shares, rng):
    """One epoch's utterances: a random share of the sets named in `shares`, or several times one."""
    return [u for u in utterances for _ in range(int(shares.get(u.name, 1.0) + rng.random()))]


def phone_trigram(utterances):
    """ln P(c | a, b) over chains, silence as a symbol where the alignment has it."""
    count = np.zeros((40, 40, 40))
    rng = random.Random(5)
    for u in utterances:
        past = (phones.SIL, phones.SIL)
        last = len(u.chain) - 1
        for place, (phone, optional) in enumerate(u.chain):
            inner = 0 < place < last
            if optional and rng.random() > (0.15 if inner else 0.9):
                continue
            count[past[0], past[1], phone] += 1
            past = (past[1], phone)
    return smoothed(count)


def smoothed(count):
    """Witten-Bell back-off from trigram to bigram to unigram to uniform, as ln P."""
    uniform = np.full(40, 1.0 / 40)
    single = mixed(count.sum((0, 1)), uniform)
    pair = mixed(count.sum(0), np.broadcast_to(single, (40, 40)))
    triple = mixed(count, np.broadcast_to(pair, (40, 40, 40)))
    return np.log(triple).astype(np.float32)


def mixed(count, lower):
    """Counts interpolated with a lower order by Witten-Bell."""
    total = count.sum(-1, keepdims=True)
    kinds = (count > 0).sum(-1, keepdims=True)
    return (count + kinds * lower + 1e-3 * lower) / (total + kinds + 1e-3)
