#!/usr/bin/env python3
"""Word errors on speech: check_recordings.py LINNET commands|recordings

commands: spoken by flite when the test runs; most must come back word for word, also when they are 40 dB fainter.
recordings: held-out speakers of the TSP database, from the tar in LINNET_SHARED; a bound on the word error.
Exit status 77 (skipped) where the voice, ffmpeg or the recordings are not there.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "bench"))
from score_asr import align, transcribe, words  # noqa: E402

COMMANDS = (
    "what time is it", "set a timer for ten minutes", "turn the volume up", "what is seven times eight",
    "wake me up at seven tomorrow morning", "cancel the timer", "what's the weather like in london", "tell me a joke",
)
HELD_OUT = ("tsp_FL", "tsp_ML")


class Options:
    """What score_asr's functions read."""

    def __init__(self, linnet, language):
        self.linnet, self.language = linnet, language


def skip(reason):
    print(f"SKIP {reason}")
    sys.exit(77)


def errors_of(pairs):
    total = wrong = right = 0
    for said, heard in pairs:
        found = sum(align(said, heard))
        print(f"said  {' '.join(said)}\nheard {' '.join(heard)}")
        total += len(said)
        wrong += found
        right += found == 0
    print(f"{wrong} of {total} words wrong, {right} of {len(pairs)} sentences right")
    return wrong / total, right / len(pairs)


def commands(linnet, folder):
    if not shutil.which("flite"):
        skip("flite is not installed")
    files = []
    for number, text in enumerate(COMMANDS):
        files.append(folder / f"{number}.wav")
        subprocess.run(["flite", "-voice", "rms", "-t", text, "-o", str(files[-1])], check=True)
    return all(heard_well(linnet, level) for level in (files, faint(files)))


def faint(files):
    """The same 40 dB lower: a microphone that is far away or turned down."""
    lowered = [file.with_name(f"faint-{file.name}") for file in files]
    for file, low in zip(files, lowered):
        subprocess.run(["sox", str(file), str(low), "gain", "-40"], check=True)
    return lowered


def heard_well(linnet, files):
    heard = transcribe(Options(linnet, "assistant"), files)
    wrong, right = errors_of([(t.split(), h) for t, h in zip(COMMANDS, heard)])
    return wrong <= 0.15 and right >= 0.7


def recordings(linnet, folder):
    shared = pathlib.Path(os.environ.get("LINNET_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "tsp.tar"
    if not path.exists():
        skip(f"{path} is not there")
    with tarfile.open(path) as tar:
        names = {pathlib.PurePath(n).name: n for n in tar.getnames()}
        rows = [r.decode().rstrip("\n").split("\t") for r in tar.extractfile(names["manifest.tsv"])]
        rows = [r for r in rows if r[2] in HELD_OUT][::10][:12]
        for row in rows:
            with open(folder / row[0], "wb") as out:
                out.write(tar.extractfile(names[row[0]]).read())
    heard = transcribe(Options(linnet, "general"), [folder / r[0] for r in rows])
    wrong, _ = errors_of([(words(r[3]), h) for r, h in zip(rows, heard)])
    return wrong <= 0.5


def main():
    if not shutil.which("ffmpeg"):
        skip("ffmpeg is not installed")
    with tempfile.TemporaryDirectory() as folder:
        check = {"commands": commands, "recordings": recordings}[sys.argv[2]]
        return 0 if check(sys.argv[1], pathlib.Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
