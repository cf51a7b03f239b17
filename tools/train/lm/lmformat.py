"""The language model's special tokens, tool list and request normalisation (see README.md)."""

import re

TOOLS = {
    "get_time": ["place"],
    "get_date": ["day"],
    "timer_set": ["duration", "name"],
    "timer_cancel": ["name"],
    "timer_query": ["name"],
    "alarm_set": ["time", "day", "name"],
    "alarm_cancel": ["time", "day"],
    "alarm_query": ["day"],
    "calculate": ["expression"],
    "convert": ["amount", "from", "to"],
    "volume_set": ["level"],
    "volume_up": [],
    "volume_down": [],
    "stop": [],
    "cancel": [],
    "repeat": [],
}
ARGUMENTS = ["place", "day", "duration", "name", "time", "expression", "amount", "from", "to",
             "level"]
N_CONTROL = 64
N_BYTES = 256
VOCAB = 4096

_NAMES = (["bos", "end", "pad", "user", "assistant", "reply", "cloud"] + list(TOOLS) + ARGUMENTS)
CONTROL = [f"<|{n}|>" for n in _NAMES]
CONTROL += [f"<|reserved_{i}|>" for i in range(N_CONTROL - len(CONTROL))]
ID = {name: i for i, name in enumerate(_NAMES)}
N_USED_CONTROL = len(_NAMES)
ROUTES = ["reply", "cloud"] + list(TOOLS)
ROUTE_IDS = [ID[r] for r in ROUTES]


def normalise(text):
    """A request as the recogniser would write it: what pipeline code does to typed text too."""
    t = text.lower()
    t = t.replace("\u2019", "'").replace("\u2018", "'").replace("`", "'")
    t = t.replace("\u00d7", "*").replace("\u00f7", "/").replace("\u00b0", " degrees ")
    t = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", t)
    t = re.sub(r"(?<=\d),(?=\d\d\d)", "", t)
    t = re.sub(r"(?<!\d)[.:]|[.:](?!\d)", " ", t)
    t = re.sub(r"-(?=[a-z])|(?<=[a-z])-", " ", t)
    t = re.sub(r"[^a-z0-9'.:+*/%$-]", " ", t)
    t = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", t)
    return " ".join(t.split())


def prompt_ids(tok, request):
    """Ids of `<|bos|><|user|> request<|assistant|>`."""
    return [ID["bos"], ID["user"]] + tok.encode(" " + request) + [ID["assistant"]]


def target_ids(tok, target):
    """Ids of one answer.

    target is ("cloud",), ("reply", text) or (tool, [(argument, value), ...]).
    """
    out = [ID[target[0]]]
    if target[0] == "reply":
        out += tok.encode(target[1])
    elif target[0] != "cloud":
        for name, value in target[1]:
            out += [ID[name]] + tok.encode(" " + value)
    return out + [ID["end"]]
