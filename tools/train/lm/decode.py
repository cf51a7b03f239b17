"""Grammar-constrained decoding in Python: the reference of what the C decoder does.

First token: a tool, reply or cloud. A tool takes its arguments in order, each at most once; a value
is a run of whole words of the request, token by token.
"""

import torch

from lmformat import ARGUMENTS, ID, N_CONTROL, ROUTE_IDS, ROUTES, TOOLS, prompt_ids

LONGEST_REPLY = 48


@torch.no_grad()
def logits_after(model, ids):
    return model(torch.tensor([ids]))[0, -1]


def word_starts(tok, request):
    """Positions in the request's tokens where a word begins, and the end."""
    return [i for i, t in enumerate(request) if tok.tokens[t].startswith("\u0120")] + [len(request)]


class SpanGrammar:
    """Which tokens may come next while a value is copied from the request."""

    def __init__(self, tok, request):
        self.request = request
        self.starts = set(word_starts(tok, request))
        self.at = None

    def begin(self):
        self.at = None

    def allowed(self):
        """(next tokens, may the value end here)."""
        if self.at is None:
            return {self.request[i] for i in self.starts if i < len(self.request)}, False
        following = {self.request[i] for i in self.at if i < len(self.request)}
        return following, any(i in self.starts for i in self.at)

    def take(self, token):
        at = self.at if self.at is not None else {i for i in self.starts if i < len(self.request)}
        self.at = {i + 1 for i in at if i < len(self.request) and self.request[i] == token}


def best(logits, allowed):
    ids = sorted(allowed)
    return ids[int(logits[ids].argmax())]


def route(model, tok, request):
    """(name, probability) over the routes, best first."""
    logits = logits_after(model, prompt_ids(tok, request))[ROUTE_IDS]
    p = torch.softmax(logits, 0)
    return sorted(zip(ROUTES, p.tolist()), key=lambda r: -r[1])


def tool_answer(model, tok, ids, tool):
    """[(argument, value)] of a tool, greedy under the grammar."""
    span = SpanGrammar(tok, ids[2:-1])
    ids = ids + [ID[tool]]
    order, at, args = TOOLS[tool], 0, []
    value = None
    while True:
        closers = {ID["end"]} | {ID[a] for a in order[at:]}
        if value is None:
            allowed = closers
        else:
            allowed, may_end = span.allowed()
            if may_end:
                allowed = allowed | closers
        token = next(iter(allowed)) if len(allowed) == 1 else best(logits_after(model, ids), allowed)
        ids = ids + [token]
        if token < N_CONTROL:
            if value is not None:
                args[-1] = (args[-1][0], tok.decode(value).strip())
            if token == ID["end"]:
                return args
            name = next(a for a in ARGUMENTS if ID[a] == token)
            at = order.index(name) + 1
            args.append((name, ""))
            value = []
            span.begin()
        else:
            value.append(token)
            span.take(token)


def reply_answer(model, tok, ids):
    ids = ids + [ID["reply"]]
    out = []
    while len(out) < LONGEST_REPLY:
        logits = logits_after(model, ids)
        logits[:N_CONTROL] = torch.where(torch.arange(N_CONTROL) == ID["end"], logits[:N_CONTROL], float("-inf"))
        token = int(logits.argmax())
        if token == ID["end"]:
            break
        out.append(token)
        ids = ids + [token]
    return tok.decode(out)


def answer(model, tok, request):
    """(answer as in generate.py, probability of the route)."""
    name, p = route(model, tok, request)[0]
    if name == "cloud":
        return ("cloud",), p
    ids = prompt_ids(tok, request)
    if name == "reply":
        return ("reply", reply_answer(model, tok, ids)), p
    return (name, tool_answer(model, tok, ids, name)), p
