#!/usr/bin/env python3
"""Word errors of `linnet transcribe` on recordings with known words.

    score_asr.py --linnet build/tools/linnet/linnet [--language general] [--limit 50] [--show] MANIFEST...

A manifest has one recording a line, tab-separated: file, (any columns), words last; files are relative to it. Anything
that ffmpeg reads will do. Prints substitutions, deletions, insertions and the share of sentences without an error for each
manifest.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "train" / "asr_lm"))
from spoken import words  # noqa: E402


def align(said, heard):
    """(substitutions, deletions, insertions) of the cheapest alignment."""
    row = [(j, 0, 0, j) for j in range(len(heard) + 1)]
    for i, word in enumerate(said, 1):
        new = [(i, 0, i, 0)]
        for j, other in enumerate(heard, 1):
            same = word == other
            t, s, d, n = row[j - 1]
            options = [(t + (not same), s + (not same), d, n)]
            t, s, d, n = row[j]
            options.append((t + 1, s, d + 1, n))
            t, s, d, n = new[j - 1]
            options.append((t + 1, s, d, n + 1))
            new.append(min(options))
        row = new
    return row[-1][1:]


def read_manifest(path, limit):
    rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
    step = max(1, len(rows) // limit)
    return [(path.parent / r[0], words(re.sub(r"\([^)]*\)", "", r[-1]))) for r in rows[::step][:limit]]


def transcribe(args, files):
    with tempfile.TemporaryDirectory() as folder:
        wavs = []
        for number, file in enumerate(files):
            wavs.append(f"{folder}/{number:05}.wav")
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-ar", "16000", "-ac", "1", wavs[-1]], check=True)
        command = [args.linnet, "transcribe", "--json", "--language", args.language, *wavs]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line)["text"].split() for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", nargs="+", type=pathlib.Path)
    parser.add_argument("--linnet", required=True)
    parser.add_argument("--language", default="general", choices=["general", "assistant"])
    parser.add_argument("--limit", type=int, default=50, help="recordings of each manifest, spread evenly")
    parser.add_argument("--show", action="store_true")
    args = parser.parse_args()
    for path in args.manifest:
        rows = read_manifest(path, args.limit)
        total, good, errors = 0, 0, [0, 0, 0]
        for (file, said), heard in zip(rows, transcribe(args, [file for file, _ in rows])):
            found = align(said, heard)
            errors = [a + b for a, b in zip(errors, found)]
            total += len(said)
            good += not any(found)
            if args.show:
                print(f"{file.name}\n  said  {' '.join(said)}\n  heard {' '.join(heard)}")
        share = 100 * sum(errors) / max(1, total)
        print(f"{path}: {share:.1f} % of {total} words wrong (sub {errors[0]}, del {errors[1]}, ins {errors[2]}); "
              f"{100 * good / max(1, len(rows)):.0f} % of {len(rows)} sentences right", flush=True)


if __name__ == "__main__":
    main()
