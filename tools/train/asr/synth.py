"""Speak sentences with flite, espeak-ng and festival (recogniser training only)."""
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import audio

ACCENTS = ["en-us", "en-us", "en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-029"]
TRAINED = {"flite": ["kal", "kal16", "slt", "slt"], "festival": ["kal_diphone", "ked_diphone",
                                                              "cmu_us_slt_arctic_hts"],
           "espeak": ["", "", "+m1", "+m2", "+m3", "+m5", "+m6", "+m7", "+f1", "+f2", "+f4", "+f5"]}
HELD = {"flite": ["awb", "rms"], "festival": [], "espeak": ["+m4", "+f3"]}  # never trained on


def flite(text, path, rng, voices):
    """One sentence by flite, plain or with another pace and pitch; returns the speaker's name."""
    voice = rng.choice(voices)
    options = []
    if rng.random() < 0.5:
        options = ["--setf", f"duration_stretch={rng.uniform(0.8, 1.25):.2f}"]
    if rng.random() < 0.3 and voice != "slt":
        options += ["--setf", f"int_f0_target_mean={rng.uniform(80, 160):.0f}"]
    subprocess.run(["flite", "-voice", voice, *options, "-t", text, "-o", str(path)], check=True)
    return "flite_" + voice


def espeak(text, path, rng, variants):
    """One sentence by espeak-ng; returns the speaker's name."""
    voice = rng.choice(ACCENTS) + rng.choice(variants)
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(rng.randint(125, 190)), "-p",
                    str(rng.randint(25, 75)), "-w", str(path), text], check=True)
    return "espeak_" + voice


def festival(jobs):
    """All (text, path, voice) at once by one festival process."""
    script = []
    for text, path, voice in sorted(jobs, key=lambda job: job[2]):
        script.append(f'(voice_{voice}) (utt.save.wave (utt.synth (Utterance Text "{text}")) '
                      f'"{path}" \'riff)')
    subprocess.run(["festival", "--pipe"], input="\n".join(script), text=True, check=True)


def speak(texts, folder, seed, voices):
    """Speak every text into folder by TRAINED or HELD voices; returns (path, seconds 0, speaker, text) rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, scheme, plain = [], [], []
    for index, text in enumerate(texts):
        rng = random.Random(seed * 1000003 + index)
        path = folder / f"{index:05d}.wav"
        kind = rng.random()
        if kind < 0.25 and voices["festival"]:
            voice = rng.choice(voices["festival"])
            scheme.append((text, path, voice))
            rows.append((path, 0.0, "festival_" + voice, text))
        else:
            job = (flite, voices["flite"]) if kind < 0.6 else (espeak, voices["espeak"])
            plain.append((job[0], text, path, rng, job[1]))
            rows.append((path, 0.0, "", text))
    with ThreadPoolExecutor(2) as pool:
        speakers = iter(list(pool.map(lambda job: job[0](*job[1:]), plain)))
    festival(scheme)
    return [(path, 0.0, speaker or next(speakers), text) for path, _, speaker, text in rows]


def padded(path, index):
    """The sentence at 16 kHz between 0.1 and 0.5 s of near-silence."""
    rng = np.random.default_rng(index)
    before, after = rng.integers(1600, 8000, 2)
    sound = np.pad(audio.read(path), (before, after))
    return sound + rng.normal(0.0, 10 ** rng.uniform(-5.0, -3.3), len(sound)).astype(np.float32)
