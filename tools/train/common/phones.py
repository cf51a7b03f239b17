"""The phone set every model shares: cmudict's 39 phones without stress, silence first."""

PHONES = (
    "SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH "
    "T TH UH UW V W Y Z ZH"
).split()
INDEX = {name: number for number, name in enumerate(PHONES)}
SIL = 0


def encode(names):
    """Phone numbers of names such as `AH0`, `ah` or `AH`; an unknown name raises KeyError."""
    return [INDEX[name.upper().rstrip("0123456789")] for name in names]


def decode(numbers):
    """Names of phone numbers, separated by spaces."""
    return " ".join(PHONES[number] for number in numbers)
