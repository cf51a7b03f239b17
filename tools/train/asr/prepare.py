"""Prepare the recogniser's training data: 16 kHz sound, log-mel, words.

    prepare.py --data DIR --work DIR [--sets a,b] [--transcripts NAME=FILE]...

DIR holds each set unpacked (DIR/NAME/NAME/manifest.tsv). For every set the work folder gets
NAME.tsv (one row an utterance), NAME.pcm (int16) and NAME.mel (float16, 80 a frame); realign.py
then aligns them. Sets already there are left alone, so the command resumes. Any other folder with
a manifest is a set too, when named in --sets. A FILE of `clip<tab>words` lines gives the words of
a set without them.
"""
import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "common"))
import audio  # noqa: E402
import mel  # noqa: E402
import sentences  # noqa: E402
import synth  # noqa: E402
import words  # noqa: E402

REAL = ("tsp librispeech_other_dev kathleen asterisk_prompts ljspeech_part vctk_p239 speechocean762 "
        "asp_stories grid_s1 alphanumeric dctts_matthes speech_commands_test free_spoken_digits").split()
SPOKEN = {"synth_train": (4200, 21), "synth_words": (1300, 22), "synth_dev": (300, 23)}
HELD = {"tsp_FL", "tsp_ML", "tsp_FK", "tsp_MK", "nicolas", "so0022", "so0101",
        "ls1688", "ls1998", "ls2033", "ls2414", "ls2609"}
SINGLE = {"speech_commands_test", "free_spoken_digits"}  # clips cut close around one word


def is_held(name, speaker, text, index):
    """Whether an utterance belongs to the development sets."""
    def part(key, of):
        return int(hashlib.md5(key.encode()).hexdigest(), 16) % of == 0
    if name in ("librispeech_other_dev", "synth_dev"):
        return True
    if name == "speechocean762":
        return part(speaker + "dev", 20)
    if name == "speech_commands_test":
        return part(speaker, 12)
    if name in ("kathleen", "asterisk_prompts", "ljspeech_part", "asp_stories"):
        return part(text, 30)
    return speaker in HELD


def rows_of(name, data, work, transcripts):
    """(sound, speaker, words) of each usable utterance of a set."""
    if name in SPOKEN:
        texts = spoken_texts(name, data / "text_assistant" / "assistant")
        voices = synth.HELD if name == "synth_dev" else synth.TRAINED
        spoken = synth.speak(texts, work / name, SPOKEN[name][1], voices)
        for index, (path, _, speaker, text) in enumerate(spoken):
            if path.exists():
                yield synth.padded(path, index), speaker, text
        return
    for index, (path, _, speaker, label) in enumerate(audio.manifest(data / name / name)):
        text = words.transcript(name, transcripts.get(path.name, label))
        if text:
            sound = audio.read(path)
            yield lengthened(sound, index) if name in SINGLE else sound, speaker, text


def spoken_texts(name, folder):
    """What the synthetic voices say in a set; nothing of synth_train is in synth_dev."""
    count, seed = SPOKEN[name]
    if name == "synth_words":
        return sentences.short(count, seed)
    texts = sentences.draw(folder, count, seed)
    if name == "synth_dev":
        known = set(sentences.draw(folder, *SPOKEN["synth_train"]))
        texts = [text for text in sentences.draw(folder, 2 * count, seed) if text not in known][:count]
    return texts


def lengthened(sound, index):
    """A clip with 0.1 to 0.5 s of its own quiet before and after."""
    rng = np.random.default_rng(index)
    pieces = np.array_split(sound, max(1, len(sound) // 320))
    level = np.sort([piece.std() for piece in pieces])[len(pieces) // 10] + 1e-5
    before, after = (rng.normal(0.0, level, n) for n in rng.integers(1600, 8000, 2))
    return np.concatenate((before, sound, after)).astype(np.float32)


def decode(name, data, work, transcripts):
    """Write NAME.pcm, NAME.mel and NAME.tsv."""
    samples = frames = 0
    with open(work / f"{name}.pcm", "wb") as pcm, open(work / f"{name}.mel", "wb") as features, \
            open(work / f"{name}.part", "w", encoding="utf-8") as table:
        for index, (sound, speaker, text) in enumerate(rows_of(name, data, work, transcripts)):
            if mel.frame_count(len(sound)) < 12:
                continue
            values = audio.to_pcm16(sound)
            logs = mel.log_mel(values.astype(np.float32) / 32768.0).astype(np.float16)
            values.tofile(pcm)
            logs.tofile(features)
            split = "dev" if is_held(name, speaker, text, index) else "train"
            print(samples, len(values), frames, len(logs), split, speaker, text, sep="\t", file=table)
            samples += len(values)
            frames += len(logs)
    os.rename(work / f"{name}.part", work / f"{name}.tsv")
    print(f"{name}: {samples / 16000 / 3600:.2f} h", flush=True)


def table(work, name):
    """Rows of NAME.tsv: [sample start, samples, frame start, frames, split, speaker, text]."""
    with open(work / f"{name}.tsv", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [[int(value) for value in row[:4]] + row[4:] for row in rows]


def names_in(work):
    """Every set that is prepared."""
    return sorted(path.stem for path in work.glob("*.tsv"))


def transcripts_of(options):
    """Set -> clip -> words, of NAME=FILE options."""
    out = {}
    for option in options:
        name, path = option.split("=", 1)
        with open(path, encoding="utf-8") as file:
            out[name] = dict(line.rstrip("\n").split("\t") for line in file)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("LINNET_DATA", "../data"), type=Path)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--sets", default=",".join(REAL + list(SPOKEN)))
    parser.add_argument("--transcripts", action="append", default=[], metavar="NAME=FILE")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    shutil.copy(args.data / "text_speech" / "speech" / "cmudict" / "cmudict.dict", args.work)
    transcripts = transcripts_of(args.transcripts)
    for name in args.sets.split(","):
        if not (args.work / f"{name}.tsv").exists():
            decode(name, args.data, args.work, transcripts.get(name, {}))


if __name__ == "__main__":
    main()
