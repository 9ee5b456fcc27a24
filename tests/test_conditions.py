"""The conditions as data: what a clinician could not be expected to catch by reading."""

import re

import pytest

from personas.conditions.book import conditions, drawable, groups, palette, shifted, status
from personas.conditions.names import normal
from personas.photos.surface import SIDE
from personas.slots import says, slots

UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
NUMBERS = {"a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10}
BODY = re.compile(
    r"\b(?:any|ankle|arm|armpit|back|beard|belly|body|bottom|breast|buttock|calf|cheek|chest|chin|ear|earlobe|edge|elbow"
    r"|eye|eyebrow|eyelash|eyelid|face|finger|fingernail|fingertip|fold|foot|forearm|forehead|genital|groin|hand|heel|hip"
    r"|jaw|knee|knuckle|leg|lip|mouth|nail|navel|neck|nose|palm|ribs|scalp|shin|shoulder|sole|temple|thigh|thumb|thumbnail"
    r"|toe|toenail|tongue|waist|wrist)(?:s|es)?\b"
)


def days(onset: str) -> float:
    """Give a length of time in words as days."""
    number, unit = re.match(r"(\w+) (day|week|month|year)s?\b", onset).groups()
    return (NUMBERS[number] + onset.endswith("and a half") / 2) * UNITS[unit]


def in_range(condition):
    levels = (condition.urgency, *condition.neighbours)
    assert all(re.fullmatch("U[0-5]", level) for level in levels)
    numbers = sorted(int(level[1]) for level in levels)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "the levels accepted leave one out"
    assert len(numbers) <= 3
    assert all(0 <= chance <= 1 for chance in condition.symptoms.values())
    assert 0 <= condition.ages[0] < condition.ages[1] <= 110
    assert not (condition.malignant and condition.urgency < "U2")


def named_well(condition):
    assert condition.names == condition.accepted[: len(condition.names)]
    assert all(name == name.lower().strip() for name in condition.accepted)
    assert condition.named(condition.names[0])
    assert all(re.fullmatch(r"\d{6,18}|[A-Z]\d\d(?:\.\d)?", code) for code in condition.codes)


def speaks_of_slots_that_exist(condition):
    asked = {*condition.must_ask, *condition.symptoms, *groups()[condition.group].supportive}
    assert asked <= set(slots())
    assert all(says(slot, "yes") and says(slot, "no") for slot in condition.symptoms)
    assert condition.must_ask


def befalls_a_body(condition):
    for site in condition.sites:
        assert BODY.search(site), site
    assert condition.sites == ("any",) or "any" not in condition.sites
    lengths = [days(onset) for onset in condition.onset]
    assert lengths == sorted(set(lengths))


def advises(condition):
    """Say what must not be said, and not give the title away by it."""
    assert condition.must_not
    assert not any(condition.title.lower() in advice.lower() for advice in condition.must_not)


def test_the_content_is_called_a_draft():
    assert "draft" in status()


def test_the_fifteen_drawings_are_there_and_many_more_truth_cards():
    assert len(drawable()) == 15
    assert len(conditions()) > 200
    assert set(drawable()) < set(conditions())


def test_every_group_has_conditions_and_every_speciality_a_group():
    assert {c.group for c in conditions().values()} == set(groups())
    assert {g.speciality for g in groups().values()} == {"skin", "chest", "eye"}


def test_no_two_conditions_share_a_spelling():
    owner: dict[str, str] = {}
    for c in conditions().values():
        for spelling in {normal(text) for text in (c.key, c.title, *c.names, *c.labels)}:
            assert owner.setdefault(spelling, c.key) == c.key, spelling


def test_a_label_is_listed_only_where_nothing_else_would_find_it():
    for c in conditions().values():
        assert not {normal(label) for label in c.labels} & {
            normal(text) for text in (c.key, c.title, *c.names)
        }


@pytest.mark.parametrize("key", conditions())
def test_the_truth_card_is_sound(key):
    condition = conditions()[key]
    in_range(condition)
    named_well(condition)
    speaks_of_slots_that_exist(condition)
    befalls_a_body(condition)
    advises(condition)


@pytest.mark.parametrize("key", drawable())
def test_every_look_can_be_drawn(key):
    condition, look = drawable()[key], drawable()[key].look
    assert condition.tones
    assert condition.sites != ("any",)
    assert set(look.colours) <= set(palette())
    assert 1 <= look.count[0] <= look.count[1] <= len(look.colours)
    assert set(look.always) <= set(look.surface)
    assert look.size_mm[1] * 12 < SIDE * 0.75


def test_a_condition_says_what_its_group_says_and_adds_its_own():
    melanoma, acral = conditions()["MEL"], conditions()["ALM"]
    shared = set(melanoma.must_not) & set(acral.must_not)
    assert "saying it is harmless or needs no review" in shared
    assert set(acral.must_not) - shared
    assert melanoma.symptoms["change"] == 0.95


def test_the_nearest_relatives_count_as_the_same_answer():
    assert conditions()["ALM"].named("probably melanoma")
    assert conditions()["SCC"].named("Bowen’s disease")
    assert conditions()["BCC_NODULAR"].named("a basal cell carcinoma")
    assert not conditions()["BCC"].named("squamous cell carcinoma")


def test_names_are_found_as_whole_words():
    melanoma = conditions()["MEL"]
    assert melanoma.named("Malignant Melanoma of the arm")
    assert not melanoma.named("melanomatosis")
    assert conditions()["BCC"].named("two basal cell carcinomas")


def test_a_text_is_given_away_by_a_name_a_code_or_a_word_of_the_laboratory():
    melanoma = conditions()["MEL"]
    assert melanoma.gives_away("History of malignant melanoma") == "malignant melanoma"
    assert melanoma.gives_away("Neoplasm", "93655004") == "93655004"
    assert melanoma.gives_away("Neoplasm", "C43.59") == "C43.59"
    assert melanoma.gives_away("the biopsy showed something") == "biopsy showed"
    assert melanoma.gives_away("Essential hypertension", "38341003") == ""
    assert melanoma.gives_away("I had a skin cancer cut out once.") == ""


def test_a_code_gives_away_what_is_below_it_and_nothing_beside_it():
    warts = conditions()["WART"]
    assert warts.gives_away("", "B07.9")
    assert not warts.gives_away("", "B08.1")


def test_slots_weigh_as_much_as_they_tell():
    melanoma = conditions()["MEL"]
    assert [melanoma.bearing(slot) for slot in ("change", "sun", "smoking")] == [
        "discriminating",
        "supportive",
        "noise",
    ]


def test_pale_browns_shift_on_darker_skin():
    assert shifted("tan", "56") == "dark brown"
    assert shifted("tan", "12") == "tan"
