"""Nearly right input: what is right, and then cut, bent, doubled, nested, or spoilt with what readers trip over.

Strategies only; nothing here knows what reads the bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

DEEP = 3_000
"""Levels that no recursive reader goes down."""
SCRAPS = (
    *(
        b"\x00",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\r",
        b"\r\n",
        b"\n",
        b"\n\n",
        "\u2028".encode(),
        "\x85".encode(),
    ),
    *(
        b"\x1b[2J",
        b"\\ud800",
        b"\xed\xa0\x80",
        b"\xff",
        b'"',
        b"'",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b";",
        b"\t",
    ),
    *(b":", b"=", b"#", b"null", b"NaN", b"-Infinity", b"1e999", b"-1", b"9" * 25, b"9" * 5_000, b"[" * DEEP),
    *(b'{"a":' * DEEP, b" " * 3_000, b"(" * 3_000, b"=\n", b"=,", b"sep=;\n", "²".encode(), "٣".encode()),
    *(b"x" * 140_000, b"\n" * 30),
)
WEIRD = (
    *(
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e999",
        "-1e-999",
        "NaN",
        "Infinity",
        "9" * 25,
        "9" * 5_000,
        '""',
        '" "',
    ),
    *(
        '"\\ud800"',
        '"\\udc00\\ud800"',
        '"\\u0000"',
        '"\\u001b[2J"',
        '"\u2028\u202e\x85"',
        '"1"',
        '"2020-13-45"',
    ),
    *(
        '"9999-12-31"',
        '"0001-01-01T00:00:00+23:59"',
        f'"{"x" * 5_000}"',
        f'"{" " * 3_000}x"',
        "[]",
        "{}",
        "[[]]",
    ),
    *('[{"a":1}]', '{"a":{"b":1}}', "[" * 1_000 + "]" * 1_000, '{"a":' * 240 + "1" + "}" * 240),
    *("[" * DEEP + "]" * DEEP, '"<think>"', '"</think>"', '"{"', '"Patient/p"', '"#m"'),
)
"""Values as JSON may spell them, the ones that are none included."""
NUMBER = re.compile(rb"[0-9]+")


@st.composite
def mangled(draw: st.DrawFn, whole: Sequence[bytes], most: int = 3) -> bytes:
    """Give one of some good texts, spoilt in up to so many places; sometimes not at all."""
    data = draw(st.sampled_from(whole))
    for _ in range(draw(st.integers(0, most))):
        start, end = sorted(draw(st.tuples(st.integers(0, len(data)), st.integers(0, len(data)))))
        scrap = draw(st.sampled_from(SCRAPS) | st.binary(max_size=5))
        ways = {
            "cut": data[:start],
            "behead": data[end:],
            "drop": data[:start] + data[end:],
            "splice": data[:start] + scrap + data[start:],
            "flip": data[:start]
            + bytes(byte ^ 1 << start % 8 for byte in data[start : start + 1])
            + data[start + 1 :],
            "double": data[:end] + data[start:end] + data[end:],
            "number": NUMBER.sub(scrap.replace(b"\\", b"/"), data, count=1 + start % 3),
            "lines": data.replace(b"\n", scrap, 1 + start % 3),
        }
        data = ways[draw(st.sampled_from(sorted(ways)))]
    return data


@st.composite
def bent(draw: st.DrawFn, values: Sequence[Any], most: int = 3) -> bytes:
    """Give one of some good JSON values as text, in which up to so many parts are missing, doubled or other ones."""
    value, marks = deepcopy(draw(st.sampled_from(values))), {}
    for number in range(draw(st.integers(0, most))):
        if not (places := [*_places(value)]):
            break
        holder, key = draw(st.sampled_from(places))
        way = draw(st.sampled_from(("weird", "drop", "double", "other", "wrap")))
        if way == "weird":
            marks[f'"@{number}@"'] = draw(st.sampled_from(WEIRD))
            holder[key] = f"@{number}@"
        elif way == "drop":
            del holder[key]
        elif way == "wrap":
            holder[key] = [holder[key]]
        elif way == "other" or isinstance(key, int):
            holder[key] = deepcopy(draw(st.sampled_from([part for _, part in _parts(value)])))
        else:
            marks[f'"@{number}@": '] = (
                f"{json.dumps(key)}: {draw(st.sampled_from(WEIRD))}, {json.dumps(key)}: "
            )
            pairs = [(f"@{number}@" if name == key else name, part) for name, part in holder.items()]
            holder.clear()
            holder.update(pairs)
    text = json.dumps(value, ensure_ascii=False)
    for mark, spelt in marks.items():
        text = text.replace(mark, spelt)
    return text.encode("utf-8", "surrogatepass")


def attempt(refusal: type[Exception] | tuple[type[Exception], ...], read: Callable[[], Any]) -> Any:
    """Give what a reader gives; None where it refuses, which it must do in one line that a terminal can show."""
    try:
        return read()
    except refusal as error:
        said = str(error)
    assert said.isprintable(), said
    assert 0 < len(said) < 20_000
    return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give every container with each of its keys."""
    for key, part in _parts(value):
        yield value, key
        yield from _places(part)


def _parts(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []
