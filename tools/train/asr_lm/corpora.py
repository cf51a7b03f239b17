"""The texts behind the language models, as one normalised sentence per line.

`python corpora.py --data DIR --work DIR [--books DIR]` writes into the work folder

    general.txt     encyclopedia leads and public-domain books (text_general)
    books.txt       more public-domain books (a folder of .md or .txt files), if given
    assistant.txt   requests people make to assistants, and the sentences of commands.py
    dev_*.txt       held-out text, one file a kind; used for perplexity only

Sentences that share six words in a row with a held-out speech transcript are left out, and so is a
whole file of --books in which that happens three times (the recordings read it aloud).
"""

import argparse
import json
import pathlib
import re
import time

import commands
from spoken import sentences, typed_words, words

HELD_OUT = ("librispeech_other_dev", "tsp")
WINDOW = 6


def held_out_windows(data):
    """Hashes of all six-word windows of the held-out transcripts."""
    found = set()
    for name in HELD_OUT:
        for manifest in (data / name).rglob("manifest.tsv"):
            for line in open(manifest, encoding="utf-8"):
                text = words(line.rstrip("\n").split("\t")[3])
                found.update(hash(tuple(text[i : i + WINDOW])) for i in range(len(text) - WINDOW + 1))
    return found


def hits(text, windows):
    return sum(hash(tuple(text[i : i + WINDOW])) in windows for i in range(len(text) - WINDOW + 1))


def write_paragraphs(paragraphs, out, windows):
    """Normalise and write; returns words written and windows met."""
    count = met = 0
    for paragraph in paragraphs:
        for sentence in sentences(paragraph):
            text = words(sentence)
            if not text or len(text) > 120:
                continue
            clash = hits(text, windows)
            met += clash
            if not clash:
                out.write(" ".join(text) + "\n")
                count += len(text)
    return count, met


def general(data, work, windows):
    with open(work / "general.txt", "w", encoding="utf-8") as out, open(work / "dev_general.txt", "w", encoding="utf-8") as dev:
        for name in ("books.txt", "wiki.txt"):
            lines = [l for l in open(data / "text_general/general" / name, encoding="utf-8", errors="replace")]
            kept = [l for i, l in enumerate(lines) if i % 200 != 7]
            print(name, write_paragraphs(kept, out, windows), flush=True)
            write_paragraphs([l for i, l in enumerate(lines) if i % 200 == 7], dev, windows)


def more_books(folder, work, windows):
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".md", ".txt") and p.is_file())
    total, started = 0, time.time()
    with open(work / "books.txt", "w", encoding="utf-8") as out:
        for number, path in enumerate(files):
            text = path.read_text(encoding="utf-8", errors="replace")
            paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text)]
            part = Collected()
            count, met = write_paragraphs(paragraphs, part, windows)
            if met >= 3:
                print(f"left out, read aloud in held-out speech: {path.name}", flush=True)
                continue
            out.writelines(part.lines)
            total += count
            if number % 50 == 0:
                print(f"books {number}/{len(files)}  {total / 1e6:.1f} M words  {time.time() - started:.0f} s", flush=True)


class Collected:
    """A file-like list of lines."""

    def __init__(self):
        self.lines = []

    def write(self, line):
        self.lines.append(line)


_BRACKET = re.compile(r"\[\s*[\w ]+ ?: ([^\]]*)\]")
_LU = re.compile(r"\{@?[\w.]+=([^{}]*)\}")


def requests(base):
    """(kind, text) of the assistant data sets; kinds that begin with dev_ are held out."""
    a = base / "text_assistant/assistant"
    for line in open(a / "clinc150.tsv", encoding="utf-8"):
        split, _, text = line.rstrip("\n").split("\t")[:3]
        yield ("clinc" if split == "train" else "dev_clinc"), text
    for line in open(a / "hwu64.tsv", encoding="utf-8"):
        cells = line.rstrip("\n").split("\t")
        if cells[0] == "train":
            yield "hwu", _BRACKET.sub(r"\1", cells[2])
    for line in open(a / "slurp_lm.txt", encoding="utf-8"):
        yield "slurp", line
    for line in open(a / "slurp_devel.tsv", encoding="utf-8"):
        yield "dev_slurp", line.rstrip("\n").split("\t")[-1]
    for path in sorted((a / "snips").glob("*.json")):
        for items in json.load(open(path, encoding="utf-8", errors="replace")).values():
            for item in items:
                yield "snips", "".join(part["text"] for part in item["data"])
    for line in open(a / "sgd_train.jsonl", encoding="utf-8"):
        turns = [turn["t"] for turn in json.loads(line)["turns"] if turn["s"] == "U"]
        yield from (("sgd", text) for text in turns[:2])
    for path in sorted((a / "home_assistant/tests/en").rglob("*.yaml")):
        for line in open(path, encoding="utf-8"):
            m = re.match(r'\s+- "?([^":{}]+)"?$', line.rstrip())
            if m:
                yield "home", m[1]
    for path in sorted((a / "botframework").rglob("*.lu")):
        for line in open(path, encoding="utf-8-sig", errors="replace"):
            if line.startswith("- "):
                text = _LU.sub(r"\1", _LU.sub(r"\1", line[2:]))
                if "{" not in text and "[" not in text:
                    yield "lu", text
    for path in sorted((a / "thingpedia").rglob("paraphrase.tsv")):
        for line in open(path, encoding="utf-8"):
            yield "thing", re.sub(r" '(\w)", r"'\1", line.split("\t")[2])
    yield from questions(base)


def questions(base):
    """Things people ask: for the cloud, but they must be heard."""
    h = base / "text_hard/hard"
    for item in json.load(open(h / "webquestions_trainmodel.json", encoding="utf-8")):
        yield "webq", item["qText"]
    for line in open(h / "banking77_train.csv", encoding="utf-8"):
        yield "bank", line.rsplit(",", 1)[0]
    for path in sorted((h / "opentrivia").iterdir()):
        if path.suffix in (".py", ".rb", ".md") or path.name == "LICENSE":
            continue
        for line in open(path, encoding="utf-8", errors="replace"):
            if line.startswith("#Q ") and line.rstrip().endswith("?") and len(line) < 140:
                yield "trivia", line[3:]
    for line in open(h / "seed_tasks.jsonl", encoding="utf-8"):
        yield "seed", json.loads(line)["instruction"]
    for path in sorted((base / "text_chat/chat/chatterbot").glob("*.yml")):
        for line in open(path, encoding="utf-8"):
            if line.startswith("- - "):
                yield "chat", line[4:]


REPEAT = {"clinc": 3, "hwu": 3, "slurp": 2, "snips": 1, "sgd": 1, "home": 4, "lu": 1, "thing": 1,
          "webq": 2, "bank": 1, "trivia": 1, "seed": 1, "chat": 1}


def assistant(data, work, count):
    """Write assistant.txt and the held-out files."""
    tally = {}
    with open(work / "assistant.txt", "w", encoding="utf-8") as out:
        held = {k: open(work / f"{k}.txt", "w", encoding="utf-8") for k in ("dev_clinc", "dev_slurp", "dev_commands")}
        for kind, text in requests(data):
            spoken = " ".join(typed_words(text))
            if not spoken or len(spoken) > 400:
                continue
            tally[kind] = tally.get(kind, 0) + 1
            if kind in held:
                held[kind].write(spoken + "\n")
            else:
                out.write((spoken + "\n") * REPEAT[kind])
        for sentence in commands.generate(data, count, seed=1):
            out.write(" ".join(sentence) + "\n")
        for sentence in commands.generate(data, 2000, seed=2):
            held["dev_commands"].write(" ".join(sentence) + "\n")
        for file in held.values():
            file.close()
    print("assistant sentences:", tally, "generated:", count, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with the unpacked data sets")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--books", type=pathlib.Path, help="folder of more public-domain books")
    parser.add_argument("--commands", type=int, default=200000, help="sentences to draw from the grammar")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    windows = held_out_windows(args.data)
    assistant(args.data, args.work, args.commands)
    general(args.data, args.work, windows)
    if args.books:
        more_books(args.books, args.work, windows)


if __name__ == "__main__":
    main()
