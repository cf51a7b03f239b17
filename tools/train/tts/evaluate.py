"""Judge the voice as the program speaks it: speed, words understood, naturalness.

    evaluate.py --say build/tests/tts/tts_say --voice assets/models/tts-f16.gguf --text assets/text/en-us.gguf
                --data DIR --feat DIR [--out DIR] [--nisqa CODE --nisqa-weights FILE]

Speaks the texts held out of training (every 41st) and 20 sentences of an assistant. Words are recognised by
pocketsphinx with its own models, once for the synthetic and once for the recorded held-out texts: only their ratio
means something. NISQA (code of gabrielmittag/NISQA, TTS weights) is used when its folder is given.
"""
import argparse
import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import soundfile
from scipy.signal import resample_poly

HELD_OUT = 41
ASSISTANT = """The timer for the pasta is set to eleven minutes.
It is twenty five past six in the evening.
I turned off the lights in the living room.
Tomorrow will be sunny with a high of seventy two degrees.
You have no more alarms for today.
The capital of Australia is Canberra.
Forty two times seventeen is seven hundred fourteen.
I am sorry, I did not understand that.
Your alarm is set for half past seven tomorrow morning.
The volume is now at sixty percent.
Ten miles are about sixteen kilometers.
There are three hundred sixty five days in a year.
I can not reach the network at the moment.
Good morning, it is Monday the fifth of May.
The kitchen timer has two minutes left.
Water boils at one hundred degrees celsius.
Shall I ask the cloud about that?
The nearest planet to the sun is Mercury.
I have stopped the music for you.
Please say the name of the room again.""".splitlines()


def words(text):
    return re.findall(r"[a-z']+", text.lower())


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def word_errors(items):
    """items: [(path, text)] -> share of words wrong by pocketsphinx."""
    from pocketsphinx import Decoder
    decoder = Decoder(samprate=16000, loglevel="FATAL")
    wrong = total = 0
    for path, text in items:
        x, rate = soundfile.read(path)
        x = resample_poly(x, 2, 3) if rate == 24000 else x
        x = x * 0.08 / np.sqrt((x ** 2).mean())
        x = np.concatenate([np.zeros(3200), x, np.zeros(3200)]) + 1e-4 * np.random.default_rng(0).standard_normal(len(x) + 6400)
        decoder.start_utt()
        decoder.process_raw((np.clip(x, -1, 1) * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        got = decoder.hyp().hypstr if decoder.hyp() else ""
        wrong += edits(words(text), words(got))
        total += len(words(text))
    return wrong / total


def speak(args, texts, prefix):
    run = subprocess.run([args.say, args.voice, args.text, str(prefix)], input="\n".join(texts) + "\n", text=True,
                         stderr=subprocess.PIPE, check=True)
    print(run.stderr.strip(), flush=True)
    return [f"{prefix}-{i:02d}.wav" for i in range(len(texts))]


def nisqa(args, folder):
    import torch
    sys.path.insert(0, str(args.nisqa))
    load = torch.load
    torch.load = lambda *a, **k: load(*a, **{**k, "weights_only": False})
    torch.set_num_threads(1)
    from nisqa.NISQA_model import nisqaModel
    with contextlib.redirect_stdout(io.StringIO()):
        model = nisqaModel(dict(mode="predict_dir", pretrained_model=args.nisqa_weights, data_dir=str(folder), output_dir=None,
                                num_workers=0, bs=1, tr_bs_val=1, tr_num_workers=0, ms_channel=None))
        table = model.predict()
    scores = table[[c for c in table.columns if "mos" in c][0]]
    return scores.mean(), scores.std(), len(scores)


def held_out(feat, data):
    """First take of every held-out text, numbered as train.py does."""
    texts, out = {}, []
    for path in sorted(feat.glob("*.npz")):
        text = str(np.load(path)["text"])
        if text not in texts:
            texts[text] = len(texts)
            if texts[text] % HELD_OUT == 0:
                out.append((data / (path.stem + ".opus"), text))
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    for name in ("say", "voice", "text"):
        ap.add_argument("--" + name, required=True)
    ap.add_argument("--data", required=True, type=pathlib.Path, help="recordings")
    ap.add_argument("--feat", required=True, type=pathlib.Path, help="what prepare.py wrote")
    ap.add_argument("--out", type=pathlib.Path)
    ap.add_argument("--nisqa", type=pathlib.Path)
    ap.add_argument("--nisqa-weights")
    ap.add_argument("--count", type=int, default=100, help="sentences of each kind")
    ap.add_argument("--no-words", action="store_true")
    args = ap.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    out = args.out or pathlib.Path(tempfile.mkdtemp())
    out.mkdir(parents=True, exist_ok=True)
    human = held_out(args.feat, args.data)[:args.count]
    said = speak(args, [t for _, t in human], out / "held")
    assistant = speak(args, ASSISTANT[:args.count], out / "said")
    if not args.no_words:
        print("words wrong: recorded %.3f, spoken %.3f, assistant's sentences %.3f" % (
            word_errors(human), word_errors(list(zip(said, [t for _, t in human]))),
            word_errors(list(zip(assistant, ASSISTANT)))), flush=True)
    if args.nisqa:
        print("NISQA-TTS %.3f +- %.2f over %d sentences" % nisqa(args, out))


if __name__ == "__main__":
    main()
