"""Where the sound comes from: sets, roles, and the split into training and held-out material.

Every rule about what may be trained on lives here. A clip is (path, set, speaker, text, role, split):
  role  pos     a built-in word is in it          neg   speech without one
        noise   no speech at all                  eval  held out from every training, typed-word tests use it
"""
import os
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

WORDS = ("jarvis", "computer")

SPEECH_SETS = (
    "speechocean762", "kathleen", "ljspeech_part", "tsp", "asp_stories", "asterisk_prompts", "grid_s1",
    "alphanumeric", "vctk_p239", "dctts_matthes", "speech_commands_test", "free_spoken_digits",
    "librispeech_other_dev", "librispeech_untranscribed", "room_speech_untranscribed",
)
NOISE_SETS = ("noise_esc10", "noise_felixchenfy", "noise_speech_commands")
ALWAYS_DEV = ("librispeech_other_dev", "vctk_p239")
# Words kept for the typed-word tests: never trained on, in any role.
RESERVED = ("athena", "amelia", "snowboy", "view glass")


@dataclass
class Clip:
    path: Path
    source: str
    speaker: str
    text: str
    role: str
    split: str


def bucket(key, n=100):
    """A stable hash: the split must not move between machines or Python versions."""
    return zlib.crc32(key.encode()) % n


def set_dir(data, name, tars=None):
    """The folder of a set, unpacked from its tar when only that is there."""
    data = Path(data)
    for d in (data / name, data / name / name):
        if (d / "manifest.tsv").exists() or any(d.glob("*.flac")):
            return d
    tar = Path(tars or data) / f"{name}.tar"
    if not tar.exists():
        raise FileNotFoundError(f"{name}: neither {data / name} nor {tar} holds the set")
    with tarfile.open(tar) as t:
        t.extractall(data / name, filter="data")
    return set_dir(data, name, tars)


def rows(data, name, tars=None):
    d = set_dir(data, name, tars)
    for line in (d / "manifest.tsv").read_text().splitlines():
        cells = (line.split("\t") + ["", "", ""])[:4]
        if cells[0].endswith((".opus", ".flac", ".wav")):
            yield d / cells[0], cells[2], cells[3]


def speech_split(name, path, speaker):
    if name in ALWAYS_DEV:
        return "dev"
    if name == "asp_stories":
        return "dev" if bucket(speaker, 2) else "train"
    # Clips without a speaker are held out in runs of twenty neighbours, which keeps one recording session together.
    key = speaker if speaker and name not in ("kathleen", "ljspeech_part") else str(int(path.stem) // 20)
    return "dev" if bucket(name + key) < 22 else "train"


def speech_clips(data, tars=None):
    for name in SPEECH_SETS:
        for path, speaker, text in rows(data, name, tars):
            low = text.lower()
            hit = any(w in low.replace(",", " ").replace(".", " ").split() for w in WORDS)
            yield Clip(path, name, speaker, low, "pos" if hit else "neg", speech_split(name, path, speaker))


def noise_clips(data, tars=None):
    for name in NOISE_SETS:
        for path, _, text in rows(data, name, tars):
            # The long recordings occur in two sets: split them by what they are.
            key = text + path.stem if name == "noise_esc10" else text
            yield Clip(path, name, "", text, "noise", "dev" if bucket(key) < 20 else "train")


def wake_clips(data, tars=None):
    for path, _, text in rows(data, "wake_clips_dev", tars):
        pos = text == "jarvis"
        split = "dev" if not pos or bucket("w" + path.stem) < 30 else "train"
        yield Clip(path, "wake_clips_dev", "", text, "pos" if pos else "eval", split)
    for path, _, text in rows(data, "wake_clips_community", tars):
        split = "dev" if bucket("c" + path.stem) < 30 else "train"
        if text in ("computer", "hey computer"):
            yield Clip(path, "wake_clips_community", "", text, "pos", split)
        elif text in RESERVED:
            yield Clip(path, "wake_clips_community", "", text, "eval", "dev")
        elif text.startswith("NOISE: noises") or "mic_tap" in text:
            yield Clip(path, "wake_clips_community", "", text, "noise", split)
        else:
            yield Clip(path, "wake_clips_community", "", text, "neg", split)


def all_clips(data, tars=None):
    yield from wake_clips(data, tars)
    yield from speech_clips(data, tars)
    yield from noise_clips(data, tars)


def default_data():
    return os.environ.get("LINNET_DATA", "../shared/data")
