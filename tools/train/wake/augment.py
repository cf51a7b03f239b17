"""Augmentation of a batch of log-mel windows: tempo and vocal tract, gain, equaliser, noise, masks; labels follow the tempo."""
import torch
import torch.nn.functional as F

from windows import FRAMES, RAW


def uniform(g, n, low, high):
    return torch.rand(n, generator=g) * (high - low) + low


def warp(mel, tempo, tract):
    """[B, RAW, 80] -> [B, FRAMES, 80]: frame t comes from t * tempo, band b from b * tract."""
    bands = mel.shape[2]
    t = torch.arange(FRAMES)[None] * tempo[:, None] / (RAW - 1) * 2 - 1
    b = torch.arange(bands)[None] * tract[:, None] / (bands - 1) * 2 - 1
    grid = torch.stack([b[:, None, :].expand(-1, FRAMES, -1), t[:, :, None].expand(-1, -1, bands)], -1)
    return F.grid_sample(mel[:, None], grid, mode="bilinear", padding_mode="border", align_corners=True)[:, 0]


def equaliser(g, n, bands=80, knots=6, spread=0.7):
    """A smooth random curve per row, natural-log power."""
    curve = torch.randn(n, 1, knots, generator=g) * spread
    return F.interpolate(curve, bands, mode="linear", align_corners=True)


def loudness(power, q):
    """The q quantile over frames of the frame power, natural log, per row."""
    frames = power.sum(2)
    return frames.kthvalue(int(q * frames.shape[1]), 1).values.clamp(min=1e-9).log()


def noise_gain(g, power, noise, share=0.75):
    """Factor on the noise's power: -3 to 25 dB under the speech in a share of the rows, none in the others; half of them below 8 dB."""
    n = len(power)
    snr = (28 * torch.rand(n, generator=g) ** 1.35 - 3) * 0.2303
    gain = loudness(power, 0.9) - noise.sum(2).mean(1).clamp(min=1e-9).log() - snr
    gain = gain.clamp(-20, 20).exp()
    gain[torch.rand(n, generator=g) > share] = 0
    return gain[:, None, None]


def hiss(g, power, flutter):
    """The noise of a microphone: a tilted stationary floor, 9 dB and more under the speech; some rows stay digitally clean."""
    n, t, b = power.shape
    most = (loudness(power, 0.9) - 6.5)[:, None, None]
    base = uniform(g, n, -14, -3.5)[:, None, None] + equaliser(g, n, spread=1.0)
    base = base + torch.linspace(0, 1, b) * uniform(g, n, -3, 1)[:, None, None]
    base = base - (base.mean(2, keepdim=True) - most).clamp(min=0)
    base[torch.rand(n, generator=g) < 0.15] = -23
    a = int(torch.randint(len(flutter) - n * t, (1,), generator=g))
    return base.exp() * flutter[a:a + n * t].view(n, t, b)


def swell(g, n, knots=5, share=0.3):
    """A slow random gain over the window in some rows."""
    curve = torch.randn(n, 1, knots, generator=g) * (torch.rand(n, 1, 1, generator=g) < share)
    return F.interpolate(curve, FRAMES, mode="linear", align_corners=True)[:, 0, :, None]


def flutter_pool(seed=2):
    """Random factors of a noise's power around one, drawn once: drawing them anew for each batch costs more than the net."""
    g = torch.Generator().manual_seed(seed)
    return (torch.randn(200000, 80, generator=g) * 0.45).exp_()


def narrow(g, power, share=0.08):
    """Some rows through a telephone or an 8 kHz voice: nothing above 2.8-5 kHz."""
    n, _, b = power.shape
    top = uniform(g, n, 50, 66)
    top[torch.rand(n, generator=g) > share] = b
    return power * torch.where(torch.arange(b)[None] < top[:, None], 1.0, 1e-5)[:, None, :]


def mask(g, mel):
    n, t, b = mel.shape
    fill = mel.mean((1, 2), keepdim=True)
    time, band = torch.arange(t)[None], torch.arange(b)[None]
    a, w = uniform(g, n, 0, t)[:, None], uniform(g, n, 0, 8)[:, None]
    c, h = uniform(g, n, 0, b)[:, None], uniform(g, n, 0, 10)[:, None]
    off = ((time >= a) & (time < a + w))[:, :, None] | ((band >= c) & (band < c + h))[:, None, :]
    off &= (torch.rand(n, generator=g) < 0.5)[:, None, None]
    return torch.where(off, fill, mel)


def prepare(g, store, batch, flutter):
    """(mel [B, FRAMES, 80], speech labels [B, FRAMES], word [B], start [B], end [B]) of an augmented batch."""
    rows = torch.from_numpy(batch["rows"])
    n = len(rows)
    mel, noise = store.mel[rows].float(), store.mel[torch.from_numpy(batch["noise"])].float()
    own = torch.from_numpy(batch["own"])
    pos = torch.arange(RAW)[None]
    inside = (pos >= own[:, :1]) & (pos < own[:, 1:])
    # What surrounds a word is as loud as it or weaker, each side as one.
    rel = uniform(g, n, -2.8, 0.7)[:, None] * (own[:, 1:] > 0)
    mel = mel + torch.where(inside, torch.zeros(()), rel)[:, :, None]
    tempo, tract = uniform(g, n, 0.85, 1.25), uniform(g, n, 0.9, 1.12)
    mel = warp(mel, tempo, tract) + equaliser(g, n)
    power = mel.exp_()
    # Each noise through another microphone, now and then swelling.
    hum = (noise[:, :FRAMES] + equaliser(g, n, spread=0.8) + swell(g, n)).exp_()
    power = torch.addcmul(power, hum, noise_gain(g, power, hum))
    power = narrow(g, power) * uniform(g, n, -6.9, 0.9).exp()[:, None, None]     # -30 .. +4 dB
    mel = (power + hiss(g, power, flutter)).clamp_(min=1e-10).log_()
    at = (torch.arange(FRAMES)[None] * tempo[:, None]).round().long().clamp(max=RAW - 1)
    vad = torch.from_numpy(store.vad[batch["rows"]]).gather(1, at)
    # Where the bed is far speech, nobody can say that nobody speaks.
    vad = torch.where(torch.from_numpy(batch["far"])[:, None] & (vad == 0), torch.tensor(2, dtype=vad.dtype), vad)
    start, end = (torch.from_numpy(batch[k]).float() / tempo for k in ("start", "end"))
    return mask(g, mel), vad, torch.from_numpy(batch["word"]), start, end
