"""Speech of synthetic engines for the wake words: positives, sound-alikes and ordinary requests.

flite, espeak-ng, festival and, where it is on the PATH, linnet itself are called as programs; each utterance is a Job, rendered to float32 at 16 kHz.
"""
import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import resample_poly

from sources import WORDS, bucket

RATE = 16000
FLITE = ("kal16", "kal", "awb", "rms", "slt")
FESTIVAL = ("voice_kal_diphone", "voice_ked_diphone", "voice_cmu_us_slt_arctic_hts")
ESPEAK_LANG = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-us-nyc", "en-029")
ESPEAK_SKIP = ("whisper", "croak", "Demonic", "fast_test", "UniversalRobot", "Tweaky")

# Words a listener could take for ours, and the pieces of ours.
SOUND_ALIKE = """
service|the service|travis|hey travis|harvest|jar of honey|garbage|the garbage|carve this|charge this|jars|a jar|jar|jarred us|
java is|jarring|harvey|harvey's|marvin|marvellous|larva|larvas|nervous|nervous system|davis|paris|harris|elvis|clarice|jasper|
jerky|chavez|carvers|carvings|scarves|charles|charlie|jargon|jarbas|hey jarbas|john is|gravis|charm is|job is|charter|jarl|
jar fits|far west|jaundice|justice|jealous|jarrow|varnish|tarnish|garnish|jam is|commuter|the commuter|commute|compute|computing|
computation|computational|commuters|competitor|compete|complete|computed|pewter|tutor|scooter|neuter|suitor|recruiter|cuter|
shooter|community|company|compost|compare|come to her|come hither|committee|confuse her|consumer|consumers|rumour|humour|
compiler|container|composer|comfort|come pick her up|polluter|troubleshooter|computador|customer|commander|commoner|connector|
convector|compactor|compressor|disputer|imputed|dispute her|commit her|come back later|campus tour|commutator|communicator|
compeer|comparison|computes|refute her|pupil|puma|papers|jupiter|jupiter is|hey|hey you|hey there|hey siri|okay|alexa|hey jack|
hey john|hey carl|hey commander|hey customer|hey harvey|hey charlie|i commute to|the commute to|they compute the|he computed a|
my tutor|the new tutor|a motor scooter|pay per view|the puter|come pewter|compute a|compute her|confused her|can putter|
common butter|corn butter|come put her|cam pewter|come future|conjure|comrade|compact her|contribute a|the future|a few to|
in peru to|company to|a computed tomography|computable|computational power|computerised|computing power"""


@dataclass
class Job:
    engine: str
    voice: str
    speed: float
    pitch: float
    text: str
    role: str
    split: str


def requests(data):
    """Ordinary requests to speak after the wake word, as (text, split)."""
    d = set_dir_text(data)
    out = []
    for line in (d / "clinc150.tsv").read_text().splitlines():
        cells = line.split("\t")
        text = cells[-1].strip().lower()
        if len(text.split()) <= 9 and text.isascii() and not any(w in text for w in WORDS) and not any(c.isdigit() for c in text):
            out.append((text, "dev" if bucket(text) < 15 else "train"))
    return sorted(set(out))


def set_dir_text(data):
    for path in (Path(data) / "text_assistant").rglob("clinc150.tsv"):
        return path.parent
    raise FileNotFoundError(f"text_assistant: no clinc150.tsv under {data}")


def espeak_variants():
    out = subprocess.run(["espeak-ng", "--voices=variant"], capture_output=True, text=True, check=True).stdout
    files = [w.split("/", 1)[1] for w in out.split() if w.startswith("!v/")]
    return [f for f in files if f not in ESPEAK_SKIP]


def draw_voice(rng, variants, engine=None):
    own = bool(shutil.which("linnet"))
    engine = engine or rng.choices(("espeak", "flite", "festival", "linnet"), (0.4, 0.38, 0.1, 0.12 * own))[0]
    if engine == "linnet":
        return engine, "own", rng.uniform(0.75, 1.4), rng.uniform(0.72, 1.35)
    if engine == "flite":
        # Half of them at the voice's own pitch and near its own speed: what every user of flite hears.
        plain = rng.random() < 0.5
        return engine, rng.choice(FLITE), rng.uniform(0.9, 1.1) if plain else rng.uniform(0.75, 1.35), 0.0 if plain else rng.uniform(-0.2, 0.25)
    if engine == "festival":
        return engine, rng.choice(FESTIVAL), rng.uniform(0.8, 1.3), 0.0
    lang = rng.choice(ESPEAK_LANG)
    voice = lang if rng.random() < 0.15 else f"{lang}+{rng.choice(variants)}"
    return engine, voice, rng.uniform(120, 210), rng.uniform(25, 75)


def positive_text(rng, word, request):
    call = word if rng.random() < 0.65 else f"hey {word}"
    r = rng.random()
    if r < 0.3:
        return call
    return f"{call} {request}" if r < 0.65 else f"{call}, {request}"


def jobs(data, n_words, n_alike, n_plain, seed):
    """n_words: how many utterances of each word."""
    rng = random.Random(seed)
    variants = espeak_variants()
    texts = requests(data)
    alike = [t.strip() for t in SOUND_ALIKE.replace("\n", "").split("|")]
    out = []
    for word, n_word in n_words.items():
        for _ in range(n_word):
            request, split = rng.choice(texts)
            out.append(Job(*draw_voice(rng, variants), positive_text(rng, word, request), "pos", split))
    for _ in range(n_alike):
        request, split = rng.choice(texts)
        text = ", ".join(rng.sample(alike, 3)) if rng.random() < 0.5 else f"{rng.choice(alike)} {request}"
        out.append(Job(*draw_voice(rng, variants), text, "neg", split))
    for _ in range(n_plain):
        request, split = rng.choice(texts)
        out.append(Job(*draw_voice(rng, variants), request, "neg", split))
    return out


def command(job, wav):
    if job.engine == "flite":
        pitch = {"kal": 95, "kal16": 95, "awb": 135, "rms": 95, "slt": 175}[job.voice]
        args = ["flite", "-voice", job.voice, "--setf", f"duration_stretch={job.speed:.3f}"]
        if job.pitch:
            args += ["--setf", f"int_f0_target_mean={pitch * (1 + job.pitch):.1f}"]
        return args + ["-t", job.text, str(wav)], None
    if job.engine == "espeak":
        return ["espeak-ng", "-v", job.voice, "-s", f"{job.speed:.0f}", "-p", f"{job.pitch:.0f}", "-w", str(wav), job.text], None
    if job.engine == "linnet":
        return ["linnet", "say", "--speed", f"{job.speed:.3f}", "--pitch", f"{job.pitch:.3f}", "-o", str(wav), job.text], None
    text = job.text.replace('"', "")
    script = (f"({job.voice}) (Parameter.set 'Duration_Stretch {job.speed:.3f}) "
              f'(utt.save.wave (SynthText "{text}") "{wav}" \'riff)')
    return ["festival", "--pipe"], script


def render(job):
    """The job's sound, mono float32 at 16 kHz."""
    with tempfile.TemporaryDirectory() as tmp:
        wav = Path(tmp) / "a.wav"
        args, script = command(job, wav)
        subprocess.run(args, input=script, text=True, check=True, capture_output=True, timeout=60)
        x, rate = sf.read(wav, dtype="float32")
    g = gcd(rate, RATE)
    return resample_poly(x, RATE // g, rate // g).astype(np.float32) if rate != RATE else x
