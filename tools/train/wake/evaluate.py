#!/usr/bin/env python3
"""Miss rate against false alarms per hour, and speech frame errors, on held-out clips; picks the thresholds.

  evaluate.py --checkpoint WORK/last.pt --shards DIR [--rate 0.5] [--out thresholds.json] [--clips 300]

Clean, and with noise of recordings not trained on, at 10 dB (added as power in the mel domain). Every positive clip is heard after
1.5 s of silence or noise. False alarms are counted over all held-out speech without a built-in word, played as one stream per set.
Smoothing, refractory time and the rule for a hit are those of the C detector (models/wake/wake_detector.h).
"""
import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

import sources
from export import Folded, load_checkpoint
from net import STRIDE
from windows import Store

SMOOTH, REFRACTORY, LEAD = 3, 100, 150
SLACK_BEFORE, SLACK_AFTER = 30, 60   # frames around the word's end in which a detection is a hit
GRID = np.concatenate([np.arange(0.02, 0.9, 0.02), 1 - np.geomspace(0.1, 0.001, 201)])


class Noise:
    def __init__(self, store, seed=9):
        self.store, self.clips = store, [c for c in store.role("noise") if "community" not in c["source"]]
        self.rng = np.random.default_rng(seed)

    def add(self, mel, snr_db):
        """mel [T, 80] with noise under its speech (the 90th percentile of frame power) by snr_db."""
        if snr_db is None:
            return mel
        parts, n = [], 0
        while n < len(mel):
            c = self.clips[self.rng.integers(len(self.clips))]
            parts.append(self.store.mel[c["start"]:c["start"] + c["frames"]].float())
            n += c["frames"]
        noise = torch.cat(parts)[:len(mel)]
        loud = torch.quantile(torch.logsumexp(mel, 1), 0.9)
        # A recording of noise holds silence too: its level is that of its louder half.
        hum = torch.logsumexp(noise, 1)
        hum = hum[hum >= hum.median()].exp().mean().log()
        return torch.logaddexp(mel, noise + (loud - hum - snr_db * 0.230259))


@torch.no_grad()
def posteriors(net, mel):
    return torch.sigmoid(net(mel[None])[0]).numpy()


def smooth(p):
    """Mean of the last SMOOTH steps, fewer at the start."""
    c = np.cumsum(np.concatenate([np.zeros((1, p.shape[1])), p]), 0)
    i = np.arange(len(p)) + 1
    a = np.maximum(i - SMOOTH, 0)
    return (c[i] - c[a]) / (i - a)[:, None]


def alarms(p, threshold):
    """Steps at which a detector with this threshold fires."""
    above = np.flatnonzero(p >= threshold)
    out, last = [], -REFRACTORY
    for s in above:
        if s * STRIDE - last >= REFRACTORY:
            out.append(s)
            last = s * STRIDE
    return out


def clip_mel(store, clip):
    return store.mel[clip["start"]:clip["start"] + clip["frames"]].float()


def lead_in(mel):
    """What the clip sounded like before it began: its quietest tenth, shuffled."""
    quiet = mel[torch.logsumexp(mel, 1).argsort()[:max(len(mel) // 10, 5)]]
    return quiet[torch.randint(len(quiet), (LEAD,), generator=torch.Generator().manual_seed(3))]


def is_placed(clip):
    """Is the word's place in the clip known?"""
    return clip["word_end"] - clip["word_start"] <= 150


def heard(net, store, clip, noise, snr):
    """(smoothed posteriors of the clip's word in the stretch where a detection is a hit, frame of the first against the word's end)"""
    mel = noise.add(torch.cat([lead_in(clip_mel(store, clip)), clip_mel(store, clip)]), snr)
    p = smooth(posteriors(net, mel))[:, 1 + clip["word"]]
    low = (LEAD + (clip["word_end"] - SLACK_BEFORE if is_placed(clip) else 0)) // STRIDE
    high = (LEAD + clip["word_end"] + SLACK_AFTER) // STRIDE
    return p[low:high], low * STRIDE + STRIDE - 1 - LEAD - clip["word_end"]


def peaks(net, store, clips, noise, snr):
    """Per positive clip the highest smoothed posterior of its word near the word's end."""
    return np.array([heard(net, store, c, noise, snr)[0].max(initial=0.0) for c in clips])


def delay(net, store, noise, thresholds):
    """Median frames from a word's end to its detection, over clean recordings."""
    out = []
    for c in store.role("pos"):
        if is_placed(c) and "room" not in c["source"]:
            p, first = heard(net, store, c, noise, None)
            at = np.flatnonzero(p >= thresholds[sources.WORDS[c["word"]]])
            out += [first + at[0] * STRIDE] if len(at) else []
    return int(np.median(out)) if out else 0


def streams(store, roles):
    """Held-out clips without a word of ours, by set, in order."""
    groups = defaultdict(list)
    for c in store.role(*roles):
        key = c["source"].split(":")[0]
        groups[key if c["role"] != "eval" else key + " (other wake words)"].append(c)
    return groups


def background(net, store, groups, noise, snr):
    """{set: (hours, smoothed posteriors [steps, words])}"""
    out = {}
    for name, clips in groups.items():
        parts = [smooth(posteriors(net, noise.add(mel, snr)))[:, 1:] for mel in joined(store, clips)]
        p = np.concatenate(parts)
        out[name] = (len(p) * STRIDE / 360000, p)
    return out


def joined(store, clips, most=30000):
    """Clips glued to streams of about five minutes, as continuous sound would come."""
    part, n = [], 0
    for c in clips:
        part.append(clip_mel(store, c))
        n += c["frames"]
        if n >= most:
            yield torch.cat(part)
            part, n = [], 0
    if n >= 20:
        yield torch.cat(part)


def fa_curve(back, word):
    hours = sum(h for h, _ in back.values())
    return np.array([sum(len(alarms(p[:, word], t)) for _, p in back.values()) / hours for t in GRID])


def speech_errors(net, store, clips, noise, snr):
    """(share of speech frames missed, share of other frames taken for speech) at 0.5."""
    miss = alarm = speech = other = 0
    for c in clips:
        mel = noise.add(clip_mel(store, c), snr)
        p = posteriors(net, mel)[:, 0] >= 0.5
        v = store.vad[c["start"]:c["start"] + c["frames"]][STRIDE - 1::STRIDE][:len(p)]
        miss += ((v == 1) & ~p).sum()
        alarm += ((v == 0) & p).sum()
        speech += (v == 1).sum()
        other += (v == 0).sum()
    return miss / max(speech, 1), alarm / max(other, 1)


def group_of(clip):
    kind = "synthetic" if clip["source"].startswith("synth") else "real"
    return kind + (", room" if clip["source"].endswith("+room") else "")


def report(net, store, args):
    noise, result = Noise(store), {"smooth_steps": SMOOTH, "refractory_frames": REFRACTORY, "thresholds": {}, "rows": []}
    groups = streams(store, ("neg", "eval"))
    backs = {snr: background(net, store, groups, noise, snr) for snr in (None, 10)}
    silent = background(net, store, streams(store, ("noise",)), noise, None)
    print("held-out speech:", ", ".join(f"{k} {h:.2f} h" for k, (h, _) in backs[None].items()))
    for w, word in enumerate(sources.WORDS):
        curves = {snr: fa_curve(b, w) for snr, b in backs.items()}
        both = (curves[None] + curves[10]) / 2
        ok = np.flatnonzero(both <= args.rate)
        pick = ok[0] if len(ok) else len(GRID) - 1
        result["thresholds"][word] = float(np.clip(GRID[pick], 0.3, 0.999))
        print(f"\n{word}: threshold {result['thresholds'][word]:.4f}; alarms an hour of speech at it: "
              f"{curves[None][pick]:.2f} clean, {curves[10][pick]:.2f} at 10 dB; noise alone {fa_curve(silent, w)[pick]:.2f}")
        clips = [c for c in store.role("pos") if c["word"] == w]
        for group in ("real", "real, room", "synthetic", "synthetic, room"):
            chosen = [c for c in clips if group_of(c) == group][:args.clips]
            for snr in (None, 10, 5):
                if chosen:
                    row(net, store, chosen, noise, snr, word, group, curves, result)
        where(backs, w, result["thresholds"][word])
    result["delay_frames"] = max(delay(net, store, noise, result["thresholds"]), 0)
    print(f"\na detection comes {result['delay_frames']} frames after the word's end (median)")
    return result


def row(net, store, clips, noise, snr, word, group, curves, result):
    p = peaks(net, store, clips, noise, snr)
    curve = curves[None] if snr is None else curves[10]
    at = {r: next((float((p < t).mean()) for t, f in zip(GRID, curve) if f <= r), 1.0) for r in (2.0, 0.5, 0.1)}
    miss = float((p < result["thresholds"][word]).mean())
    cond = "clean" if snr is None else f"{snr} dB"
    print(f"  {group:16s} {cond:6s} n {len(p):4d}  missed {miss:6.1%}   at 2 / 0.5 / 0.1 alarms an hour: " + " / ".join(f"{x:.1%}" for x in at.values()))
    result["rows"].append({"word": word, "group": group, "condition": cond, "n": len(p), "miss": miss, "miss_at": at})


def where(backs, w, threshold):
    for snr, back in backs.items():
        hits = {k: len(alarms(p[:, w], threshold)) for k, (_, p) in back.items()}
        hits = {k: v for k, v in hits.items() if v}
        if hits:
            print(f"  alarms {'clean' if snr is None else '10 dB'}: {hits}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--checkpoint", required=True)
    ap.add_argument("--shards", required=True)
    ap.add_argument("--rate", type=float, default=0.5, help="false alarms an hour of speech that the thresholds allow")
    ap.add_argument("--clips", type=int, default=300, help="most clips per group of positives")
    ap.add_argument("--out")
    args = ap.parse_args()
    torch.set_num_threads(1)
    store = Store(args.shards, "dev")
    net = Folded(load_checkpoint(args.checkpoint))
    result = report(net, store, args)
    clips = [c for c in store.role("neg") if c["source"] in ("tsp", "librispeech_other_dev", "vctk_p239", "speechocean762")][::4]
    for snr in (None, 20, 10, 5):
        miss, alarm = speech_errors(net, store, clips, Noise(store), snr)
        print(f"speech frames {'clean' if snr is None else f'{snr} dB'}: missed {miss:.1%}, false {alarm:.1%}")
        result["rows"].append({"word": "speech", "condition": "clean" if snr is None else f"{snr} dB", "miss": float(miss), "false": float(alarm)})
    if args.out:
        Path(args.out).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
