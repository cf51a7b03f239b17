"""Prepare the recogniser's training data: 16 kHz sound, log-mel, words, phone alignments.

    prepare.py --data DIR --work DIR [--sets a,b] [--steps decode,align]

DIR holds each set unpacked (DIR/NAME/NAME/manifest.tsv). For every set the work folder gets
NAME.tsv (one row an utterance), NAME.pcm (int16), NAME.mel (float16, 80 a frame) and NAME.ali
(phones with 10 ms starts and lengths by pocketsphinx's acoustic model; of the larger sets only a
part, enough for a first net that then aligns everything: see realign.py). Sets already there are left
alone, so the command resumes.
"""
import argparse
import hashlib
import os
import shutil
import sys
import time
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
SPOKEN = {"synth_train": (3400, 11), "synth_dev": (150, 12)}
ALIGN_EVERY = {"speechocean762": 4, "speech_commands_test": 4, "free_spoken_digits": 6, "kathleen": 2,
               "synth_train": 2, "grid_s1": 3, "alphanumeric": 2}
HELD = {"tsp_FL", "tsp_ML", "nicolas", "so0022", "so0101"}


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


def rows_of(name, data, work):
    """(sound, speaker, words) of each usable utterance of a set."""
    if name in SPOKEN:
        count, seed = SPOKEN[name]
        texts = sentences.draw(data / "text_assistant" / "assistant", count, seed)
        if name == "synth_dev":
            known = set(sentences.draw(data / "text_assistant" / "assistant", *SPOKEN["synth_train"]))
            texts = [text for text in texts if text not in known]
        for index, (path, _, speaker, text) in enumerate(synth.speak(texts, work / name, seed)):
            if path.exists():
                yield synth.padded(path, index), speaker, text
        return
    for path, _, speaker, label in audio.manifest(data / name / name):
        text = words.transcript(name, label)
        if text:
            yield audio.read(path), speaker, text


def decode(name, data, work):
    """Write NAME.pcm, NAME.mel and NAME.tsv."""
    samples = frames = 0
    with open(work / f"{name}.pcm", "wb") as pcm, open(work / f"{name}.mel", "wb") as features, \
            open(work / f"{name}.part", "w", encoding="utf-8") as table:
        for index, (sound, speaker, text) in enumerate(rows_of(name, data, work)):
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


class Aligner:
    """Forced alignment by pocketsphinx's own acoustic model."""

    def __init__(self, dictionary):
        import pocketsphinx
        model = os.path.join(pocketsphinx.get_model_path(), "en-us", "en-us")
        self.decoder = pocketsphinx.Decoder(
            hmm=model, dict=str(dictionary), lm=None, samprate=16000, wip=0.005, silprob=0.05,
            fillprob=1e-10, loglevel="FATAL")

    def run(self, sound):
        """One pass over the bytes of an utterance."""
        self.decoder.start_utt()
        self.decoder.process_raw(sound, full_utt=True)
        self.decoder.end_utt()

    def align(self, text, sound):
        """`PHONE:start:length ...` with `|` between words, or nothing where it fails."""
        try:
            self.decoder.set_align_text(text)
            self.run(sound)
            if self.decoder.hyp() is None:
                return ""
            self.decoder.set_alignment()
            self.run(sound)
            found = self.decoder.get_alignment()
        except RuntimeError:
            return ""
        return " | ".join(" ".join(f"{phone.name}:{phone.start}:{phone.duration}" for phone in word)
                          for word in found)


def dictionary(rows, lexicon, path):
    """Write pocketsphinx's dictionary of all words of the rows."""
    with open(path, "w", encoding="utf-8") as file:
        for word in sorted({word for row in rows for word in row[6].split()}):
            for number, said in enumerate(lexicon.pronunciations(word)):
                variant = f"({number + 1})" if number else ""
                print(word + variant, *said, file=file)


def align_from(rows, work, name, first):
    """Align rows from `first` on, appending to NAME.ali.part (runs in a child that may crash)."""
    aligner = Aligner(work / f"{name}.dict")
    sound = np.memmap(work / f"{name}.pcm", np.int16, "r")
    with open(work / f"{name}.ali.part", "a", encoding="utf-8") as file:
        for index in range(first, len(rows)):
            start, count, text = rows[index][0], rows[index][1], rows[index][6]
            piece = sound[start:start + count].tobytes()
            found = aligner.align(text, piece) if index % ALIGN_EVERY.get(name, 1) == 0 else ""
            print(found, file=file, flush=True)


def align(name, data, work):
    """Write NAME.ali; an utterance on which the aligner crashes is left without alignment."""
    rows = table(work, name)
    lexicon = words.Lexicon(data / "text_speech" / "speech" / "cmudict" / "cmudict.dict")
    dictionary(rows, lexicon, work / f"{name}.dict")
    part = work / f"{name}.ali.part"
    part.touch()
    began = time.time()
    while True:
        done = part.read_text(encoding="utf-8").count("\n")
        if done >= len(rows):
            break
        child = os.fork()
        if child == 0:
            align_from(rows, work, name, done)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            with open(part, "a", encoding="utf-8") as file:
                print(file=file)
    os.rename(part, work / f"{name}.ali")
    lines = (work / f"{name}.ali").read_text(encoding="utf-8").splitlines()
    print(f"{name}: {sum(map(bool, lines))} of {len(rows)} aligned, {time.time() - began:.0f} s",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("LINNET_DATA", "../data"), type=Path)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--sets", default=",".join(REAL + list(SPOKEN)))
    parser.add_argument("--steps", default="decode,align")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    shutil.copy(args.data / "text_speech" / "speech" / "cmudict" / "cmudict.dict", args.work)
    for name in args.sets.split(","):
        if "decode" in args.steps and not (args.work / f"{name}.tsv").exists():
            decode(name, args.data, args.work)
        if "align" in args.steps and not (args.work / f"{name}.ali").exists():
            align(name, args.data, args.work)


if __name__ == "__main__":
    main()
