#!/usr/bin/env python3
"""Sixty recordings with what is said in them and how many words may be wrong: check_golden.py LINNET [--write]

golden/golden.tsv lists them: set, file, language model, words that may be wrong, what is said. The recordings lie in the tars
of LINNET_SHARED; exit status 77 (skipped, with the count) where they are not there. --write hears all again and sets
each tolerance to the errors found, plus one, plus a tenth of the words: for new weights.
"""

import os
import pathlib
import shutil
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LIST = pathlib.Path(__file__).resolve().parent / "golden" / "golden.tsv"
sys.path.insert(0, str(ROOT / "tools" / "bench"))
from score_asr import align, transcribe, words  # noqa: E402

# Speakers that no weights were trained on: set -> (speakers, recordings, language model).
PICK = {
    "librispeech_other_dev": (None, 24, "general"),
    "tsp": ({"tsp_FK", "tsp_FL", "tsp_MK", "tsp_ML"}, 18, "general"),
    "speechocean762": ({"so0005", "so1076", "so2488", "so5408", "so9611", "so9631"}, 10, "general"),
    "speech_commands_test": ({"sc_893705bb", "sc_e41a903b", "sc_cd85758f"}, 8, "assistant"),
}


class Options:
    """What score_asr.transcribe reads."""

    def __init__(self, linnet, language):
        self.linnet, self.language = linnet, language


class Set:
    """One tar of recordings with its manifest."""

    def __init__(self, folder, name):
        self.tar = tarfile.open(folder / f"{name}.tar")
        self.member = {pathlib.PurePath(n).name: n for n in self.tar.getnames()}
        lines = self.tar.extractfile(self.member["manifest.tsv"]).read().decode().splitlines()
        self.rows = [line.split("\t") for line in lines]

    def extract(self, file, path):
        path.write_bytes(self.tar.extractfile(self.member[file]).read())
        return path


def pick(sets):
    """Rows of a new list, spread evenly over the speakers."""
    for name, (speakers, count, language) in PICK.items():
        rows = [r for r in sets[name].rows if speakers is None or r[2] in speakers]
        for row in rows[:: max(1, len(rows) // count)][:count]:
            yield [name, row[0], language, "0", " ".join(words(row[3]))]


def hear(linnet, rows, sets, folder):
    """Errors of every row."""
    heard = {}
    for language in ("general", "assistant"):
        part = [r for r in rows if r[2] == language]
        paths = [sets[r[0]].extract(r[1], folder / f"{r[0]}-{r[1]}") for r in part]
        for row, text in zip(part, transcribe(Options(linnet, language), paths)):
            heard[row[0], row[1]] = text
    return [(sum(align(r[4].split(), heard[r[0], r[1]])), heard[r[0], r[1]]) for r in rows]


def main():
    folder = pathlib.Path(os.environ.get("LINNET_SHARED", ROOT.parent / "shared")) / "data"
    rows = [] if "--write" in sys.argv else [line.split("\t") for line in LIST.read_text().splitlines()]
    absent = sorted({r[0] for r in rows if not (folder / f"{r[0]}.tar").exists()})
    if absent:
        print(f"SKIP {len(rows)} recordings: {', '.join(absent)} not in {folder}")
        return 77
    if not shutil.which("ffmpeg"):
        print(f"SKIP {len(rows)} recordings: ffmpeg is not installed")
        return 77
    sets = {name: Set(folder, name) for name in PICK}
    rows = rows or list(pick(sets))
    with tempfile.TemporaryDirectory() as scratch:
        found = hear(sys.argv[1], rows, sets, pathlib.Path(scratch))
    if "--write" in sys.argv:
        for row, (errors, _) in zip(rows, found):
            row[3] = str(errors + 1 + len(row[4].split()) // 10)
        LIST.write_text("".join("\t".join(row) + "\n" for row in rows))
    failed = 0
    for row, (errors, text) in zip(rows, found):
        if errors > int(row[3]):
            failed += 1
            print(f"{row[0]} {row[1]}: {errors} words wrong, {row[3]} may be\n  said  {row[4]}\n  heard {' '.join(text)}")
    total = sum(len(r[4].split()) for r in rows)
    print(f"{len(rows)} recordings, {sum(e for e, _ in found)} of {total} words wrong, {failed} beyond their tolerance")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
