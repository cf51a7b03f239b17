"""The vocoder of models/tts/vocoder.c in numpy, operation for operation: its oracle in the tests.

    vocoder.py --vectors tests/tts/vectors        writes frames and samples for the C test
"""
import argparse
import pathlib

import numpy as np

from features import AP_CENTRES, BANDS, FFT, HOP, RATE, bin_positions

LEAD = 240
UNVOICED_F0 = 200.0
POWER = 0.5
FLOOR = 1e-3


class Noise:
    def __init__(self):
        self.x = 0x2545F491

    def take(self, n):
        out = np.empty(n)
        for i in range(n):
            x = self.x
            x ^= (x << 13) & 0xFFFFFFFF
            x ^= x >> 17
            x ^= (x << 5) & 0xFFFFFFFF
            self.x = x
            out[i] = ((x >> 8) / 16777216.0 - 0.5) * 3.4641016
        return out


def minimum_phase(log_magnitude):
    c = np.fft.irfft(log_magnitude)
    c[1:FFT // 2] *= 2
    c[FFT // 2 + 1:] = 0
    return np.fft.rfft(c).imag


def render(env, f0, voiced, ap):
    """Frames -> (frames - 1) * HOP samples and the tails behind them."""
    position = bin_positions()
    index = np.minimum(position.astype(int), BANDS - 2)
    fraction = position - index
    bins = np.arange(FFT // 2 + 1)
    hz = bins * RATE / FFT
    knots = np.array([0, *AP_CENTRES, RATE / 2])
    noise, phase, open_pulse = Noise(), 0.0, None
    n = (len(env) - 1) * HOP
    y = np.zeros(n + 2 * FFT)

    def close(p, end):
        t, late, period, amplitude, share, is_voiced = p
        spectrum = np.zeros(FFT // 2 + 1, complex)
        if is_voiced:
            log = amplitude + 0.5 * np.log(np.maximum(1 - np.exp(2 * share), 1e-8))
            angle = minimum_phase(log) - (LEAD - late) * 2 * np.pi / FFT * bins
            spectrum += np.exp(log + 1j * angle) * np.sqrt(period)
        block = np.zeros(FFT)
        block[LEAD:LEAD + end - t] = noise.take(end - t)
        spectrum += np.fft.rfft(block) * np.exp(amplitude + share)
        skip = max(0, LEAD - t)
        y[t - LEAD + skip:t - LEAD + FFT] += np.fft.irfft(spectrum)[skip:]

    for frame in range(len(env) - 1):
        a, b = np.log(np.clip(f0[frame], 90, 500)), np.log(np.clip(f0[frame + 1], 90, 500))
        for i in range(HOP):
            at = i / HOP
            v = voiced[frame] if at < 0.5 else voiced[frame + 1]
            f = np.exp(a + (b - a) * at) if v else UNVOICED_F0
            phase += f / RATE
            if phase < 1.0:
                continue
            phase -= 1.0
            t = frame * HOP + i
            if open_pulse:
                close(open_pulse, t)
            e = env[frame] + (env[frame + 1] - env[frame]) * at
            s = np.clip(ap[frame] + (ap[frame + 1] - ap[frame]) * at, FLOOR, 1)
            knot_values = np.concatenate([[np.log(FLOOR)], np.log(s), [0.0]])
            share = POWER * np.interp(hz, knots, knot_values) if v else np.zeros(FFT // 2 + 1)
            amplitude = 0.5 * (e[index] * (1 - fraction) + e[index + 1] * fraction)
            open_pulse = (t, phase * RATE / f, RATE / f, amplitude, share, v)
    return y


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--vectors", type=pathlib.Path, required=True)
    args = ap.parse_args()
    args.vectors.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    n = 20
    t = np.arange(n)
    env = -8 + 3 * np.sin(t[:, None] / 5 + np.arange(BANDS)[None] / 9) + 0.3 * rng.standard_normal((n, BANDS))
    f0 = 180 + 60 * np.sin(t / 4)
    voiced = ((t > 3) & (t < 12)) | (t > 15)
    share = np.clip(0.3 + 0.2 * rng.standard_normal((n, 3)), 0, 1)
    env, f0, share = env.astype(np.float32), f0.astype(np.float32), share.astype(np.float32)
    frames = np.concatenate([env, f0[:, None], voiced[:, None].astype(np.float32), share], 1)
    frames.astype(np.float32).tofile(args.vectors / "vocoder_frames.f32")
    samples = render(env.astype(float), f0.astype(float), voiced, share.astype(float))
    samples[:(n - 4) * HOP].astype(np.float32).tofile(args.vectors / "vocoder_samples.f32")


if __name__ == "__main__":
    main()
