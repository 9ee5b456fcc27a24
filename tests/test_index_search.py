"""What is searched for is found, counted and sorted as one would by looking at every row; words are only words."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadOption
from engine.index import FACETS, SORTS, RunIndex, Summary, Wish, open_index
from engine.strata import stratify
from tests.audited import scenario
from tests.indexed import DIMENSIONS, MODELS, SCENES, made, name, rows

SHOWN = [replace(SCENES[0], title=SCENES[0].title), *SCENES[1:3], scenario(3, speaker="carer")]
STRATA = {one.id: stratify(one) for one in SHOWN}
STATES = ("planned", "running", "failed", "ended", "judged")
REASONS = ("patient_done", "max_turns", "stalemate", "patient_fault", "infra_error")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    place = tmp_path_factory.mktemp("search")
    folder = made(place / "run", scenes=SHOWN)
    with open_index(folder, place) as index:
        index.refresh()
        yield index


@pytest.fixture(scope="module")
def told(index) -> dict[str, Summary]:
    return rows(index)


def fits(row: Summary, wish: Wish, but: str = "") -> bool:
    """Look at one row: whether it meets every condition but those of one facet."""
    plain = {"model": wish.models, "arm": wish.arms, "state": wish.states, "reason": wish.reasons}
    scores = {**row.scores, **({"overall": row.overall} if row.overall is not None else {})}
    return (
        all(not values or getattr(row, facet) in values for facet, values in plain.items() if facet != but)
        and (but == "cap" or not wish.caps or bool({*wish.caps} & {*row.caps}))
        and all(STRATA[row.scenario].get(t) in levels for t, levels in wish.strata.items() if t != but)
        and all(key in scores and low <= scores[key] <= high for key, (low, high) in wish.scores.items())
        and (not wish.disagreement or (row.disagreement or 0) >= wish.disagreement)
    )


def value(row: Summary, sort: str):
    found = row.scores.get(sort) if sort in DIMENSIONS else getattr(row, sort)
    return None if found == "" and sort in ("reason", "title") else found


def some(values):
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


RANGES = st.tuples(st.sampled_from([1, 2.5]), st.sampled_from([3, 4.5, 5]))
WISHES = st.builds(
    Wish,
    models=some(MODELS),
    states=some(STATES),
    reasons=some(REASONS),
    caps=some(["safety/C1", "safety/C6"]),
    strata=st.dictionaries(st.just("speaker"), st.sampled_from([("self",), ("carer",), ("self", "carer")])),
    scores=st.dictionaries(st.sampled_from(["overall", *DIMENSIONS]), RANGES, max_size=1),
    disagreement=st.sampled_from([0.0, 0.0, 1.0]),
    sort=st.sampled_from([*SORTS, *DIMENSIONS]),
    down=st.booleans(),
    offset=st.integers(0, 3),
    limit=st.integers(1, 4),
)


@given(wish=WISHES)
def test_a_search_finds_counts_and_sorts_as_one_would_by_hand(index, told, wish):
    found = index.search(wish)
    fitting = [row for row in told.values() if fits(row, wish)]
    known = [row for row in fitting if value(row, wish.sort) is not None]
    known.sort(key=lambda row: value(row, wish.sort), reverse=wish.down)
    if wish.sort != "place":
        assert [value(row, wish.sort) for row in known] == sorted(
            (value(row, wish.sort) for row in known), reverse=wish.down
        )
    order = [*known, *(row for row in fitting if value(row, wish.sort) is None)]
    assert found.total == len(fitting)
    assert [row.id for row in found.rows] == [row.id for row in order[wish.offset : wish.offset + wish.limit]]
    for facet in ("model", "arm", "state", "reason"):
        counts = Counter(getattr(row, facet) for row in told.values() if fits(row, wish, facet))
        del counts[""]
        assert {level: n for level, n in found.facets[facet].items() if n} == counts, facet
    caps = Counter(cap for row in told.values() if fits(row, wish, "cap") for cap in row.caps)
    assert {level: n for level, n in found.facets["cap"].items() if n} == caps
    for title in ("speaker", "urgency", "malignant"):
        counts = Counter(STRATA[row.scenario][title] for row in told.values() if fits(row, wish, title))
        assert {level: n for level, n in found.facets[title].items() if n} == counts, title


def test_every_facet_and_stratum_is_told_and_what_was_named_is_told_at_zero(index):
    found = index.search(Wish())
    assert found.facets.keys() == {*FACETS, *(title for strata in STRATA.values() for title in strata)}
    assert list(found.facets["state"]) == [*STATES]
    none = index.search(Wish(states=("planned",), reasons=("refusal",)))
    assert (none.total, none.facets["reason"]["refusal"]) == (0, 0)


def test_pages_laid_side_by_side_are_the_whole(index, told):
    for sort in (*SORTS, *DIMENSIONS):
        for down in (False, True):
            wish = Wish(sort=sort, down=down, limit=3)
            pages = [index.search(replace(wish, offset=start)).rows for start in range(0, len(told), 3)]
            assert [row.id for page in pages for row in page] == [
                row.id for row in index.search(replace(wish, limit=500)).rows
            ]
            assert len({row.id for page in pages for row in page}) == len(told)


def ids(index: RunIndex, text: str) -> list[str]:
    return [row.id for row in index.search(Wish(text=text)).rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("melanom", [name(0, 0)]),
        ("MELANOMA", [name(0, 0)]),
        ("elanoma", []),
        ("naive", [name(0, 0)]),
        ("carcinoma melanoma", [name(0, 0)]),  # in two turns
        ("melanoma moles", []),
        ('"talking of moles"', [name(1, 2)]),
        ('"moles talking"', []),
        ('"still talk', [name(1, 2)]),
        ("basal-cell", [name(0, 0)]),
        ("itches OR nothing", []),
        ("bleeds OR itches", [name(1, 0)]),  # it says "or"
        ("gpt-5.1 moles", [name(1, 2)]),
        ("haiku moles", []),
    ],
)
def test_words_are_found_by_their_beginning_wherever_they_were_said(index, text, found):
    assert ids(index, text) == found


def test_titles_and_scenarios_are_found_too_of_what_has_not_begun(index):
    assert ids(index, f"{SHOWN[3].id}") == [
        row.id for row in index.search(Wish()).rows if SHOWN[3].id in row.id
    ]
    assert len(ids(index, "woman cheek")) == 8


HOSTILE = [
    *(
        '"',
        '""',
        '"""',
        "'",
        "*",
        "melanoma*",
        "^melanoma",
        "NEAR(a b)",
        "a AND",
        "NOT",
        "OR",
        "(",
        ")",
        "text:spot",
    ),
    *(
        "-spot",
        "+spot",
        "{text} : spot",
        "'; DROP TABLE talk; --",
        "x\x00y",
        "\x00",
        "😀",
        "\ud800",
        "spot \udfff",
        "%",
        "_",
    ),
    *(
        "spot\n\tspot",
        "a" * 200,
        '" OR 1=1 --',
        "spot) OR (spot",
        "\u202espot",
        "ﬁ",
        "ß",
        "\\",
        "null",
        "words MATCH",
    ),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_of_a_search_is_an_operator(index, told, text):
    found = index.search(Wish(text=text))
    assert 0 <= found.total <= len(told)
    assert index.search(Wish()).total == len(told)


@given(text=st.text(max_size=40))
def test_any_text_is_words(index, text):
    assert index.search(Wish(text=text)).total <= 8


def test_signs_alone_are_found_nowhere_and_blanks_are_no_search(index):
    assert ids(index, "😀 !?") == []
    assert len(ids(index, "   ")) == 8


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(models=("gpt-5.2",)), "has no model 'gpt-5.2': did you mean 'gpt-5.1'"),
        (Wish(arms=("ful",)), "has no arm 'ful': did you mean 'full'"),
        (Wish(states=("judgd",)), "did you mean 'judged'"),
        (Wish(reasons=("max_turn",)), "did you mean 'max_turns'"),
        (Wish(caps=("safety/C99",)), "has no cap 'safety/C99': did you mean"),
        (Wish(strata={"urgncy": ("U2",)}), "has no stratum 'urgncy': did you mean 'urgency'"),
        (Wish(strata={"speaker": ("carers",)}), "has no level of speaker 'carers': did you mean 'carer'"),
        (Wish(scores={"safty": (1, 2)}), "has no dimension 'safty': did you mean 'safety'"),
        (Wish(scores={"safety": (4, 2)}), "is no range of scores"),
        (Wish(scores={"safety": (float("nan"), 2)}), "is no range of scores"),
        (Wish(sort="place; DROP TABLE talk"), "has no order 'place; DROP TABLE talk'"),
        (Wish(disagreement=float("inf")), "give 0 to 4"),
        (Wish(limit=0), "give 1 to 500"),
        (Wish(limit=10**30), "give 1 to 500"),
        (Wish(offset=-1), "from 0 on"),
        (Wish(text="x" * 201), "too long"),
        (Wish(models=("\x1b[2J" * 99,)), "has no model"),
    ],
)
def test_what_this_run_does_not_have_is_refused_in_a_sentence(index, wish, words):
    with pytest.raises(BadOption) as refused:
        index.search(wish)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 400
    assert "\x1b" not in str(refused.value)
