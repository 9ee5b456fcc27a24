"""The conditions as data."""

import re

from personas.conditions.book import by_pad, conditions, palette, shifted, status
from personas.people.slots import says, slots
from personas.photos.surface import SIDE


def test_the_six_classes_of_pad_ufes_are_there():
    assert set(by_pad()) == {"BCC", "SCC", "MEL", "NEV", "SEK", "ACK"}


def test_the_content_is_called_a_draft():
    assert "draft" in status()


def test_every_slot_spoken_of_exists():
    for condition in conditions().values():
        assert {*condition.must_ask, *condition.symptoms} <= set(slots())
        assert all(says(slot, "yes") and says(slot, "no") for slot in condition.symptoms)


def test_levels_accepted_names_and_chances_are_in_range():
    for condition in conditions().values():
        assert re.fullmatch("U[0-5]", condition.urgency)
        assert condition.urgency not in condition.neighbours
        assert all(name == name.lower() for name in condition.accepted)
        assert condition.must_ask
        assert condition.must_not
        assert all(0 <= chance <= 1 for chance in condition.symptoms.values())


def test_every_look_can_be_drawn():
    for condition in conditions().values():
        look = condition.look
        assert set(look.colours) <= set(palette())
        assert 1 <= look.count[0] <= look.count[1] <= len(look.colours)
        assert set(look.always) <= set(look.surface)
        assert look.size_mm[1] * 12 < SIDE * 0.75


def test_no_malignant_condition_is_taken_for_harmless():
    assert all(c.urgency >= "U2" for c in conditions().values() if c.malignant)


def test_names_are_found_as_whole_words():
    melanoma = conditions()["MEL"]
    assert melanoma.named("Malignant Melanoma of the arm")
    assert not melanoma.named("melanomatosis")
    assert conditions()["BCC"].named("two basal cell carcinomas")


def test_pale_browns_shift_on_darker_skin():
    assert shifted("tan", "56") == "dark brown"
    assert shifted("tan", "12") == "tan"
