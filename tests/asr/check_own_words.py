#!/usr/bin/env python3
"""The user's own words, spoken by other people's voices: check_own_words.py LINNET          prints TAP

Without the list they are misheard, with it most are found; sentences without them stay as they are; and a whole turn
hears what stands in ears.words of the configuration.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

WORDS = ("Jellyfin", "Kowalczyk", "Kombucha", "Kitchenette", "Plex", "Zigbee", "Hiroshi", "Navidrome", "Priya",
         "Siobhan = shi vawn")
SAID = (
    ("rms", "play some jazz on jellyfin", "jellyfin"), ("slt", "open jellyfin", "jellyfin"),
    ("awb", "call kowalczyk", "kowalczyk"), ("rms", "send a message to kowalczyk", "kowalczyk"),
    ("slt", "add kombucha to the shopping list", "kombucha"), ("awb", "i need kombucha and milk", "kombucha"),
    ("rms", "turn on the light in the kitchenette", "kitchenette"), ("slt", "open plex", "plex"),
    ("rms", "is the zigbee connected", "zigbee"), ("slt", "remind me to meet hiroshi tomorrow", "hiroshi"),
    ("awb", "open navidrome", "navidrome"), ("slt", "send a message to priya", "priya"),
)
OTHERS = ("set a timer for ten minutes", "what is seven times eight", "turn the volume up",
          "wake me up at seven tomorrow morning", "tell me a joke")


def speak(voice, text, path):
    raw = path.with_suffix(".raw.wav")
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(raw)], check=True)
    subprocess.run(["sox", raw, "-r", "16000", "-c", "1", "-b", "16", path, "pad", "0.2", "0.3"], check=True)
    return str(path)


def heard(linnet, files, *options):
    command = [linnet, "transcribe", "--json", "--language", "assistant", *options, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]


def found(texts):
    return sum(word in text.split() for text, (_, _, word) in zip(texts, SAID))


def turn(linnet, folder):
    """The text that a whole turn hears, with the words from a YAML file."""
    config = folder / "own.yaml"
    config.write_text("ears:\n  words:\n" + "".join(f"    - {word}\n" for word in WORDS))
    wav = speak("rms", "jarvis, play some jazz on jellyfin", folder / "turn.wav")
    subprocess.run(["sox", wav, folder / "padded.wav", "pad", "0.6", "1.5"], check=True)
    command = [linnet, "replay", "--json", "--config", config, folder / "padded.wav", "-o", folder / "reply.wav"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [event["text"] for event in events if event["event"] == "final"]


def main():
    linnet = sys.argv[1]
    if not shutil.which("flite") or not shutil.which("sox"):
        print("1..0 # SKIP flite or sox is not installed")
        return
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        said = [speak(voice, text, folder / f"{i}.wav") for i, (voice, text, _) in enumerate(SAID)]
        others = [speak("slt", text, folder / f"other{i}.wav") for i, text in enumerate(OTHERS)]
        own = folder / "words.txt"
        own.write_text("# mine\n" + "\n".join(WORDS) + "\n")
        before, after = found(heard(linnet, said)), found(heard(linnet, said, "--words", str(own)))
        print(f"# found {before} of {len(SAID)} without the list, {after} with it")
        results.append(("own words are found", before <= 3 and after >= 6))
        plain = heard(linnet, others)
        results.append(("other sentences stay", heard(linnet, others, "--words", str(own)) == plain))
        one = heard(linnet, said[:1], "--words", "Jellyfin, Siobhan = shi vawn")
        results.append(("a list in the command", "jellyfin" in one[0]))
        bad = subprocess.run([linnet, "transcribe", "--words", "!!!", said[0]], capture_output=True, text=True)
        results.append(("a list without words is refused", bad.returncode == 1 and "own word" in bad.stderr))
        texts = turn(linnet, folder)
        print(f"# a turn heard {texts}")
        results.append(("a turn hears them", any("jellyfin" in text for text in texts)))
    print(f"1..{len(results)}")
    for number, (what, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {what}")


main()
