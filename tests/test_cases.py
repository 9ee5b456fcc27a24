"""Drawn cases."""

from personas.cases.case import drawn
from personas.conditions.book import drawable
from personas.photos.album import Album


def test_a_drawn_case_is_of_its_condition():
    for condition in drawable().values():
        album = Album()
        case = drawn(condition, condition.tones[0], 1, album=album)
        assert condition.ages[0] <= case.age <= condition.ages[1]
        assert case.site in condition.sites
        assert case.onset in condition.onset
        assert set(case.answers) == set(condition.symptoms)
        assert case.photo.drawn
        assert album.data(case.photo)


def test_a_raised_drawing_is_felt_to_be_raised():
    raised = [drawn(drawable()["WART"], "12", n, album=Album()) for n in range(5)]
    assert all(case.answers["raised"] == "yes" for case in raised if case.shape == "raised")


def test_equal_addresses_are_equal_cases():
    mole = drawable()["NEV"]
    assert drawn(mole, "12", 1, album=Album()) == drawn(mole, "12", 1, album=Album())
    assert drawn(mole, "12", 1, album=Album()) != drawn(mole, "12", 2, album=Album())
