"""Words as the audit reads them: tokens without their contractions, clauses, and amounts with their unit.

The one idea: two sayings of the same thing become the same tokens, so that a fact said nearly word for word is
found without a model, and "Itching? None." is one clause, as "no itching" is. Nothing here knows what a word claims.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

TOKEN = re.compile(r"\d+\.\d+|[a-z0-9]+(?:'[a-z]+)?")
SENTENCE = re.compile(r"[^.!?\n]+(?:\.(?=\d)[^.!?\n]+)*[.!?]*")
BREAK = re.compile(
    r"[,;:()–—]+|\s-\s|\band\b(?! a half)|\b(?:so|though|although|because|which)\b|(?=\bbut\b)"
)
ANSWER = (
    r"(?=[*_ ]*(?:no|none|nope|nah|nada|nil|zero|never|not|yes|yeah|yep|i|it|there|we|he|she|they|that|nothing"
    r"|nobody|honestly|thankfully|fortunately|sadly|unfortunately|definitely|absolutely|plenty|a (?:bit|few))\b)"
)
TOPIC = re.compile(
    r"(?P<list>\b(?:as for|regarding|in terms of|with regard to|concerning|as to) [^.!?\n]{2,60}?)"
    r"(?:\s*[,:–—]|\s-)\s*"
    + ANSWER
    + r"|(?P<label>(?:^|(?<=[\n.!?;•]))[\s*_•–-]{0,12}[\w'/]++(?: [\w'/]++){0,3}? ?)[*_]*\s*+"
    + r"(?:[:?–—]|-(?=\s))[*_]*+\s*+"
    + ANSWER,
    re.IGNORECASE | re.MULTILINE,
)
"""A heading and its answer: "Itching: no", "**Pain** – none", "As for fever or chills, no". What stands before it is
bounded and words are taken whole: a thousand empty lines, or one endless word, would be tried in every part."""
JOIN = re.compile(r"[,;:]")
ASKING = re.compile(
    r"\b(?:do|does|did|is|are|was|were|has|have|had|can|could|should|would|will|what|why|how|when|who|if|you|it)\b",
    re.IGNORECASE,
)
"""No heading has these: "Does it itch?" is a question, also before a no."""
ENDINGS = {
    "n't": "not",
    "'ve": "have",
    "'m": "am",
    "'re": "are",
    "'ll": "will",
    "'d": "would",
    "'s": "is",
}
IRREGULAR = {
    "can't": "can not",
    "won't": "will not",
    "cannot": "can not",
    "gonna": "going to",
    "ain't": "is not",
}
NUMBERS = {
    word: value
    for value, words in {
        0.5: "half",
        1: "a an one",
        2: "two",
        3: "three",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        15: "fifteen",
        18: "eighteen",
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
    }.items()
    for word in words.split()
}
UNITS = (
    (r"mm|millimet(?:er|re)s?", "mm", 1.0),
    (r"cm|centimet(?:er|re)s?", "mm", 10.0),
    (r"inch(?:es)?", "mm", 25.4),
    (r"hours?|hrs?", "days", 1 / 24),
    (r"days?", "days", 1.0),
    (r"weeks?|wks?", "days", 7.0),
    (r"fortnights?", "days", 14.0),
    (r"months?", "days", 30.44),
    (r"years?|yrs?", "days", 365.25),
    (r"mg|milligrams?", "mg", 1.0),
    (r"degrees?", "degrees", 1.0),
)
AMOUNT = re.compile(
    rf"(?<![\w.])(?<!times )(?<!twice )(?<!once )(\d+(?:\.\d+)?|{'|'.join(NUMBERS)})(?: an?)?[ -]?"
    rf"({'|'.join(f'(?:{unit})' for unit, _, _ in UNITS)})\b( and a half)?"
)
SPAN = re.compile(
    r"\b(?:for|about|around|roughly|nearly|almost|over|under|in|within|past|last|than|half|maybe|perhaps|only|just|been"
    r"|least|most|probably|approximately|is|was|say|of|now|quite|good)$"
)
"""What goes before "a week" where that is a time; in "one tablet a week" it is a rate."""
Amount = tuple[str, float]
"""A quantity (mm, days, mg, degrees) and how much of it."""


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """Give the tokens of a text, lower case, contractions written out, one space between two."""
    words = TOKEN.findall(folded(text).lower().replace("’", "'"))
    return " ".join([" ".join(_expand(word)) if "'" in word or word in IRREGULAR else word for word in words])


def folded(text: str) -> str:
    """Give a text without accents, width variants and characters that cannot be seen."""
    if text.isascii():
        return text
    pieces = unicodedata.normalize("NFKD", text)
    return "".join([one for one in pieces if unicodedata.category(one) not in ("Mn", "Cf")])


def without(text: str, known: str) -> str:
    """Take what is known, as `plain` gives it, out of a text wherever it stands."""
    text = folded(text)
    spans = list(_spans(text))
    words, wanted = [word for word, _, _ in spans], known.split()
    cuts = [
        (spans[at][1], spans[at + len(wanted) - 1][2])
        for at in range(len(words) - len(wanted) + 1)
        if words[at : at + len(wanted)] == wanted
    ]
    for start, end in reversed(cuts):
        text = f"{text[:start]}.{text[end:]}"
    return text


def clauses(text: str) -> Iterator[tuple[str, str]]:
    """Give the clauses of what a text states, each as it stands and as `plain`; its questions are left out."""
    for sentence in SENTENCE.findall(TOPIC.sub(_headed, folded(text))):
        if "?" not in sentence:
            for part in BREAK.split(sentence):
                if words := plain(part):
                    yield part.strip(" .!"), words


def amounts(text: str) -> list[Amount]:
    """Give the amounts of a text as `plain` gives it; "a few" and "several" are none."""
    found = []
    for match in AMOUNT.finditer(text):
        count, unit, half = match.groups()
        if count in ("a", "an") and not half and _rate(text, match):
            continue
        number = NUMBERS.get(count) or float(count)
        kind, scale = next((kind, scale) for name, kind, scale in UNITS if re.fullmatch(name, unit))
        found.append((kind, (number + (0.5 if half else 0.0)) * scale))
    return found


def near(one: Amount, other: Amount, tolerance: float) -> bool:
    """Tell whether two amounts are of one kind and differ by no more than a share of the larger."""
    return one[0] == other[0] and abs(one[1] - other[1]) <= tolerance * max(one[1], other[1])


def _headed(match: re.Match[str]) -> str:
    """Join a heading to its answer; leave what is a question as it is."""
    heading = match["list"] or match["label"]
    if match["label"] and ASKING.search(heading):
        return match.group()
    return f" {JOIN.sub(' ', heading).strip(' *_•–-')} "


def _rate(text: str, match: re.Match[str]) -> bool:
    """Tell whether "a day" says how often and not how long."""
    before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
    return bool(before) and not SPAN.search(before) and not after.startswith(("ago", "back", "or so", "now"))


def _spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Give every token with where it stands; the two words of a contraction stand at one place."""
    for match in TOKEN.finditer(text.lower().replace("’", "'")):
        start, end, word = *match.span(), match.group()
        for piece in _expand(word):
            yield piece, start, end


@lru_cache(maxsize=65536)
def _expand(word: str) -> tuple[str, ...]:
    if word in IRREGULAR:
        return tuple(IRREGULAR[word].split())
    for ending, whole in ENDINGS.items():
        if word.endswith(ending) and word != ending:
            return (word.removesuffix(ending), whole)
    return (word.replace("'", ""),) if "'" in word else (word,)
