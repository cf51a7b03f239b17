"""Lattice-free MMI over one-state phones: dense trigram denominator, linear numerator.

Both are forward-backward passes in the exponent domain, rescaled each frame, that give the log
likelihood and its gradient (the occupation of phones) without autograd. Staying in a phone and
leaving it cost 0.5 each on both sides, so neither is written down.
"""
import torch

TINY = 1e-30


class Denominator:
    """All phone sequences, weighted by the trigram; the state is (previous phone, phone)."""

    def __init__(self, trigram):
        self.step = trigram.exp().transpose(0, 1).contiguous()  # [b][a][c]: b is the present phone
        self.back = self.step.transpose(1, 2).contiguous()  # [b][c][a]
        self.first = trigram.exp()[0, 0]

    def start(self, likelihood):
        """State weights at the first frame, (b, batch, a) laid out for the matrix products."""
        state = torch.zeros((40, len(likelihood), 40))
        state[:, :, 0] = (self.first * likelihood).T
        return state

    @torch.no_grad()
    def run(self, scores, lengths):
        """Log likelihood (batch,) and occupations (batch, time, 40) of natural-log scores."""
        top = scores.max(-1, keepdim=True).values
        likelihood = (scores - top).exp()
        batch, frames, _ = scores.shape
        inside = torch.arange(frames)[:, None] < lengths[None]
        forward, total = self.forward(likelihood, inside)
        occupied = self.backward(likelihood, inside, forward)
        return total + (top[..., 0] * inside.T).sum(1), occupied

    def forward(self, likelihood, inside):
        """Scaled forward states [time][b][batch][a] and the log likelihood."""
        state = self.start(likelihood[:, 0])
        states, total = [], torch.zeros(len(likelihood))
        for time in range(likelihood.shape[1]):
            if time > 0:
                # (b, batch, a) x (b, a, c) -> (b, batch, c); the new pair is (b, c), kept as [c][batch][b]
                moved = torch.bmm(state, self.step).permute(2, 1, 0) + state
                moved = moved * likelihood[:, time].T[:, :, None]
                state = torch.where(inside[time][None, :, None], moved, state)
            scale = state.sum((0, 2)).clamp(min=TINY)
            state = state / scale[None, :, None]
            total += scale.log() * inside[time]
            states.append(state)
        return states, total

    def backward(self, likelihood, inside, forward):
        """Occupations from the forward states."""
        batch, frames, _ = likelihood.shape
        out = torch.zeros((batch, frames, 40))
        state = torch.ones((40, batch, 40))
        for time in range(frames - 1, -1, -1):
            here = forward[time] * state
            shares = here.sum(2).T
            out[:, time] = shares / shares.sum(1, keepdim=True).clamp(min=TINY)
            emitted = state * likelihood[:, time].T[:, :, None]
            # emitted [c][batch][b] -> [b][batch][c] x (b, c, a) -> [b][batch][a]
            before = torch.bmm(emitted.permute(2, 1, 0), self.back) + emitted
            before = before / before.sum((0, 2)).clamp(min=TINY)[None, :, None] * 1600.0
            state = torch.where(inside[time][None, :, None], before, state)
        return out * inside.T[:, :, None]


class Numerator:
    """The transcripts' phone chains, silence optional between words."""

    def __init__(self, chains):
        longest = max(map(len, chains))
        self.phone = torch.zeros((len(chains), longest), dtype=torch.long)
        self.skip = torch.zeros((len(chains), longest))
        self.enter = torch.zeros((len(chains), longest))
        self.first = torch.zeros((len(chains), longest))
        self.last = torch.zeros((len(chains), longest))
        for row, chain in enumerate(chains):
            size = len(chain)
            self.phone[row, :size] = torch.tensor([phone for phone, _ in chain])
            self.enter[row, 1:size] = 1.0
            for place in range(2, size):
                self.skip[row, place] = float(chain[place - 1][1])
            self.first[row, :min(2, size)] = 1.0
            self.last[row, max(0, size - 2):size] = 1.0

    @torch.no_grad()
    def run(self, scores, lengths):
        """Log likelihood (batch,) and occupations (batch, time, 40)."""
        batch, frames, _ = scores.shape
        inside = torch.arange(frames)[:, None] < lengths[None]
        emitted = scores.gather(2, self.phone[:, None].expand(batch, frames, -1))
        top = emitted.max(-1, keepdim=True).values
        likelihood = (emitted - top).exp()
        states, total = self.forward(likelihood, inside)
        total = total + (top[..., 0] * inside.T).sum(1)
        return total, self.backward(likelihood, inside, states)

    def forward(self, likelihood, inside):
        """Scaled forward states and the log likelihood without the last-state rule."""
        state = self.first * likelihood[:, 0]
        states, total = [], torch.zeros(len(likelihood))
        for time in range(likelihood.shape[1]):
            if time > 0:
                moved = state.clone()
                moved[:, 1:] += state[:, :-1] * self.enter[:, 1:]
                moved[:, 2:] += state[:, :-2] * self.skip[:, 2:]
                state = torch.where(inside[time][:, None], moved * likelihood[:, time], state)
            scale = state.sum(1).clamp(min=TINY)
            state = state / scale[:, None]
            total += scale.log() * inside[time]
            states.append(state)
        return states, total + (state * self.last).sum(1).clamp(min=TINY).log()

    def backward(self, likelihood, inside, states):
        """Occupations from the forward states; an utterance without any path gives zeros."""
        batch, frames, size = likelihood.shape
        out = torch.zeros((batch, frames, 40))
        state = self.last.clone()
        for time in range(frames - 1, -1, -1):
            here = states[time] * state
            here = here / here.sum(1, keepdim=True).clamp(min=TINY)
            out[:, time].scatter_add_(1, self.phone, here)
            emitted = state * likelihood[:, time]
            before = emitted.clone()
            before[:, :-1] += emitted[:, 1:] * self.enter[:, 1:]
            before[:, :-2] += emitted[:, 2:] * self.skip[:, 2:]
            before = before / before.sum(1, keepdim=True).clamp(min=TINY) * size
            state = torch.where(inside[time][:, None], before, state)
        return out * inside.T[:, :, None]


class Criterion(torch.autograd.Function):
    """Denominator minus numerator log likelihood, summed over frames."""

    @staticmethod
    def forward(ctx, scores, lengths, numerator, denominator):
        scores = scores.float()
        above, up = numerator.run(scores, lengths)
        below, down = denominator.run(scores, lengths)
        good = (up.sum((1, 2)) > 0.5 * lengths).float()
        ctx.save_for_backward((down - up) * good[:, None, None])
        return ((below - above) * good).sum()

    @staticmethod
    def backward(ctx, gradient):
        return ctx.saved_tensors[0] * gradient, None, None, None


def viterbi(scores, trigram, scale=1.0):
    """The best phone sequence (without silence) of log scores (time, 40) under the trigram."""
    language = trigram.transpose(0, 1).contiguous()  # [b][a][c]
    state = torch.full((40, 40), -1e9)  # [a][b]
    state[0] = trigram[0, 0] + scale * scores[0]
    trace = []
    for row in scores[1:]:
        best, origin = (state.T[:, :, None] + language).max(1)  # over a: [b][c]
        stay = state >= best
        trace.append(torch.where(stay, -1, origin))
        state = torch.maximum(state, best) + scale * row
    return follow(trace, int(state.argmax()))


def follow(trace, cell):
    """Phones of the best path, read backwards from its last pair."""
    before, here = divmod(cell, 40)
    out = [here]
    for table in reversed(trace):
        origin = int(table[before, here])
        if origin >= 0:
            before, here = origin, before
            out.append(here)
    return [phone for phone in reversed(out) if phone != 0]


def log_tables(numerator):
    """The numerator's ways in as log weights: enter, skip, first, last."""
    tables = (numerator.enter, numerator.skip, numerator.first, numerator.last)
    return [torch.log(table + TINY) for table in tables]


@torch.no_grad()
def align(scores, lengths, chains):
    """Best path of log scores (batch, time, 40) through each chain: places (batch, time), scores."""
    numerator = Numerator(chains)
    enter, skip, first, last = log_tables(numerator)
    batch, frames, _ = scores.shape
    emitted = scores.gather(2, numerator.phone[:, None].expand(batch, frames, -1))
    state = first + emitted[:, 0]
    ways = torch.zeros((frames, batch, enter.shape[1]), dtype=torch.uint8)
    for time in range(1, frames):
        one = torch.full_like(state, -1e9)
        two = one.clone()
        one[:, 1:] = state[:, :-1] + enter[:, 1:]
        two[:, 2:] = state[:, :-2] + skip[:, 2:]
        best, way = torch.stack((state, one, two)).max(0)
        inside = (time < lengths)[:, None]
        state = torch.where(inside, best + emitted[:, time], state)
        ways[time] = torch.where(inside, way, 0).to(torch.uint8)
    final = state + last
    value, place = final.max(1)
    path = torch.zeros((batch, frames), dtype=torch.long)
    rows = torch.arange(batch)
    for time in range(frames - 1, -1, -1):
        path[:, time] = place
        place = place - ways[time, rows, place].long()
    return path, value
