"""Written English to spoken words: what the recogniser's language models count.

`sentences(text)` cuts a paragraph, `words(text)` turns one sentence into lower-case words with numbers
spelt out ("Mr. Hale paid $3.50 in 1984" -> mister hale paid three dollars and fifty cents in nineteen
eighty four).
"""

import re
import unicodedata

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"))
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}
SHORT = {
    "mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "prof": "professor",
    "capt": "captain", "lieut": "lieutenant", "lt": "lieutenant", "col": "colonel", "gen": "general",
    "rev": "reverend", "hon": "honorable", "esq": "esquire", "messrs": "messieurs", "mme": "madame",
    "sgt": "sergeant", "sen": "senator", "gov": "governor", "etc": "etcetera", "vol": "volume",
    "jr": "junior", "sr": "senior", "vs": "versus", "mt": "mount", "ft": "fort", "no": "no",
    "approx": "approximately", "dept": "department", "corp": "corporation", "inc": "incorporated",
    "ltd": "limited", "co": "company",
}
# As people type them.
TYPED = {
    "whats": "what's", "dont": "don't", "im": "i'm", "cant": "can't", "didnt": "didn't", "doesnt": "doesn't",
    "isnt": "isn't", "thats": "that's", "hows": "how's", "wheres": "where's", "whos": "who's", "ive": "i've",
    "youre": "you're", "wont": "won't", "couldnt": "couldn't", "wasnt": "wasn't", "arent": "aren't",
    "havent": "haven't", "theres": "there's", "whens": "when's", "nevermind": "never mind", "ok": "okay",
    "oclock": "o'clock", "pls": "please", "u": "you", "mins": "minutes", "secs": "seconds",
    "hrs": "hours", "theatre": "theater", "favourite": "favorite", "colour": "color",
}
MONTHS = {
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
}
UNITS = {
    "km": "kilometers", "cm": "centimeters", "mm": "millimeters", "kg": "kilograms", "mph": "miles per hour",
    "km/h": "kilometers per hour", "ft": "feet", "lb": "pounds", "lbs": "pounds", "oz": "ounces",
    "ml": "milliliters", "mi": "miles", "hz": "hertz", "ghz": "gigahertz", "mhz": "megahertz", "gb": "gigabytes",
}


def cardinal(n):
    """1234 -> one thousand two hundred thirty four."""
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10] + (" " + ONES[n % 10] if n % 10 else "")
    if n < 1000:
        return ONES[n // 100] + " hundred" + (" " + cardinal(n % 100) if n % 100 else "")
    for size, name in SCALES:
        if n >= size:
            return cardinal(n // size) + " " + name + (" " + cardinal(n % size) if n % size else "")
    raise ValueError(n)


def ordinal(n):
    """21 -> twenty first."""
    head, _, last = cardinal(n).rpartition(" ")
    if last in ORDINALS:
        last = ORDINALS[last]
    else:
        last = (last[:-1] + "ie" if last.endswith("y") else last) + "th"
    return (head + " " + last).strip()


def year(n):
    """1984 -> nineteen eighty four; 2005 -> two thousand five."""
    if n % 1000 < 10:
        return cardinal(n)
    if n % 100 == 0:
        return cardinal(n // 100) + " hundred"
    tail = cardinal(n % 100) if n % 100 >= 10 else "oh " + ONES[n % 100]
    return cardinal(n // 100) + " " + tail


def digits(text):
    return " ".join(ONES[int(c)] for c in text)


def _integer(text):
    if len(text) > 12 or (text[0] == "0" and len(text) > 1):
        return digits(text)
    n = int(text)
    if len(text) == 4 and 1100 <= n < 2100:
        return year(n)
    return cardinal(n)


def _number(match):
    """One token that holds digits, already in lower case."""
    text = match.group(0).replace(",", "").rstrip(".:")
    m = re.fullmatch(r"(\d+):(\d\d)(am|pm)?", text)
    if m:
        minutes = int(m[2])
        tail = "" if minutes == 0 else " oh " + ONES[minutes] if minutes < 10 else " " + cardinal(minutes)
        return f" {cardinal(int(m[1]) % 100)}{tail} {m[3] or ''} "
    m = re.fullmatch(r"([$£€])(\d+)(?:\.(\d\d?))?", text)
    if m:
        name = {"$": "dollar", "£": "pound", "€": "euro"}[m[1]]
        plural = "" if m[2] == "1" else "s"
        cents = f" and {cardinal(int(m[3].ljust(2, '0')))} cents" if m[3] and int(m[3]) and name != "pound" else ""
        return f" {_integer(m[2])} {name}{plural}{cents} "
    m = re.fullmatch(r"(\d+)(st|nd|rd|th)", text)
    if m and len(m[1]) < 10:
        return f" {ordinal(int(m[1]))} "
    m = re.fullmatch(r"(\d{2,4})'?s", text)
    if m:
        spoken = year(int(m[1])) if len(m[1]) == 4 else cardinal(int(m[1]))
        return f" {spoken[:-1] + 'ies' if spoken.endswith('y') else spoken + 's'} "
    m = re.fullmatch(r"(\d+)\.(\d+)(%?)", text)
    if m:
        return f" {_integer(m[1])} point {digits(m[2])}{' percent' if m[3] else ''} "
    m = re.fullmatch(r"(\d+)%", text)
    if m:
        return f" {_integer(m[1])} percent "
    m = re.fullmatch(r"(\d+)([a-z/]+)", text)
    if m:
        if m[2] in ("am", "pm"):
            return f" {_integer(m[1])} {m[2]} "
        return f" {_integer(m[1])} {UNITS.get(m[2], m[2])} "
    parts = re.findall(r"\d+|[a-z']+", text)
    return " " + " ".join(_integer(p) if p[0].isdigit() else p for p in parts) + " "


_SHORT = re.compile(r"\b(" + "|".join(k for k in SHORT if k not in ("no", "st", "ft", "co")) + r")\.(?=\s|$|,)")
_SAINT = re.compile(r"\bst\.(?= [a-z])")
_TOKEN = re.compile(r"[$£€]?\d[\d,.:]*[a-z0-9'/]*%?")
_AMPM = re.compile(r"\b([ap])\.\s?m\b\.?")
_DAY = re.compile(r"\b(" + "|".join(MONTHS) + r") (\d{1,2})\b(?![:\d])")
_NUMBER_SIGN = re.compile(r"\bno\.? ?(?=\d)|# ?(?=\d)")
_JUNK = re.compile(r"\[[^\]]*\]|<[^>]*>|https?://\S+|\{[^}]*\}")
_OTHER = re.compile(r"[^a-z']+")
_EDGE = re.compile(r"(?<![a-z])'+|'+(?![a-z])")
_FOLD = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "—": " ", "–": " ", "æ": "ae", "œ": "oe"})


_ROMAN = r"(M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))(?![A-Za-z'’])"
_PART = re.compile(r"\b(?i:(chapter|book|part|volume|vol|act|scene|canto|letter|stave|section|no))(\.?) " + _ROMAN)
_KING = re.compile(r"\b(?!Part|Book|And|In|As|If|But|So|That|When|For|Shall|May|Am|Had|Have|Then|Yet|Nor|Or|Thus)([A-Z][a-z]{2,}) (X{0,2}(?:IX|IV|V?I{0,3}))(?![A-Za-z'’])")
_ROMAN_VALUE = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman(text):
    """XIV -> 14."""
    total = 0
    for this, after in zip(text, text[1:] + " "):
        value = _ROMAN_VALUE[this]
        total += -value if value < _ROMAN_VALUE.get(after, 0) else value
    return total


def _read_roman(text):
    """Chapter XIV -> chapter fourteen; Louis XIV -> Louis the fourteenth."""
    text = _PART.sub(lambda m: f"{m[1]} {cardinal(roman(m[3]))}" if m[3] else m[0], text)
    return _KING.sub(lambda m: f"{m[1]} the {ordinal(roman(m[2]))}" if len(m[2]) > 1 else m[0], text)


def fold(text):
    """ASCII of a text with typographic quotes and accents."""
    text = text.translate(_FOLD)
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if ord(c) < 128 or c in "£€")


def words(text):
    """List of lower-case words of one sentence."""
    text = _JUNK.sub(" ", _read_roman(fold(text)).lower())
    text = _SAINT.sub("saint", _SHORT.sub(lambda m: SHORT[m[1]], text))
    text = text.replace("&", " and ").replace("%", "% ") if "&" in text or "%" in text else text
    text = _AMPM.sub(r" \1m ", text)
    if any(c.isdigit() for c in text):
        text = _NUMBER_SIGN.sub("number ", text)
        text = _DAY.sub(lambda m: f"{m[1]} {ordinal(int(m[2]))}", text)
        text = _TOKEN.sub(_number, text.replace(" %", "%"))
    text = _OTHER.sub(" ", text)
    if "'" in text:
        text = _EDGE.sub(" ", text)
    return text.split()


def typed_words(text):
    """As `words`, for text typed in haste."""
    return " ".join(TYPED.get(w, w) for w in words(text)).split()


_END = re.compile(r"""(?<=[.!?;:])["')\]]*\s+(?=["'(\[]?[A-Z])""")
_GUARD = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof|Capt|Lt|Lieut|Col|Gen|Rev|Hon|[A-Z])\.\s")


def sentences(paragraph):
    """Cut at full stops that end a sentence."""
    guarded = _GUARD.sub(lambda m: m[1] + "\u2024\u00a0", paragraph)
    for piece in _END.split(guarded):
        yield piece.replace("\u2024", ".").replace("\u00a0", " ")
