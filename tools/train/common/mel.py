"""Twin of dsp/mel.h: 80 log-mel bands of 16 kHz sound, one frame every 10 ms.

Frame t covers samples [160 t, 160 t + 400), without padding. Periodic Hann window, FFT of 512,
power, triangles of height one whose corners are equally spaced in mel (2595 log10(1 + f / 700))
from 20 to 7600 Hz, weighted linearly in Hz at the bins' centres, then ln(max(x, 1e-10)).
"""
import numpy as np

RATE = 16000
HOP = 160
WINDOW = 400
FFT = 512
BINS = 80
LOW_HZ, HIGH_HZ = 20.0, 7600.0
FLOOR = 1e-10


def filters():
    """The bank as a (257, 80) matrix."""
    mel = lambda hz: 2595.0 * np.log10(1.0 + hz / 700.0)
    corners = 700.0 * (10.0 ** (np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BINS + 2) / 2595.0) - 1.0)
    hz = np.arange(FFT // 2 + 1)[:, None] * (RATE / FFT)
    rise = (hz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    fall = (corners[2:] - hz) / (corners[2:] - corners[1:-1])
    return np.maximum(0.0, np.minimum(rise, fall)).astype(np.float32)


HANN = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
BANK = filters()


def frame_count(samples):
    """Frames that `samples` samples give."""
    return 0 if samples < WINDOW else (samples - WINDOW) // HOP + 1


def log_mel(sound):
    """(frames, 80) float32 of mono float32 sound in [-1, 1] at 16 kHz."""
    sound = np.ascontiguousarray(sound, dtype=np.float32)
    count = frame_count(len(sound))
    if count == 0:
        return np.zeros((0, BINS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP][:count]
    out = np.empty((count, BINS), np.float32)
    for start in range(0, count, 2048):
        spectrum = np.fft.rfft(frames[start:start + 2048] * HANN, FFT)
        power = (spectrum.real ** 2 + spectrum.imag ** 2).astype(np.float32)
        out[start:start + 2048] = np.log(np.maximum(power @ BANK, FLOOR))
    return out
