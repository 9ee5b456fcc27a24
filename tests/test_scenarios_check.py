"""A file of scenarios, and everything that can be wrong with it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.shelf import build, check, show
from personas.errors import Unreadable
from personas.scenarios.build import ScenarioWish
from personas.scenarios.sample import open_sample
from personas.scenarios.store import dump, folder, identify, stream
from personas.values import Entry

SHARED = Path(__file__).parents[2] / "shared" / "data"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "sample.jsonl"
    build(ScenarioWish(count=40, seed=5, release="2026Q4"), out)
    return out


@pytest.fixture
def file(made, tmp_path):
    out = tmp_path / "sample.jsonl"
    shutil.copy(made, out)
    shutil.copytree(folder(made), folder(out))
    return out


def scenarios(file):
    return [scenario for _, scenario in stream(file)]


def planted(file, change, fits=lambda scenario: scenario.persona.must_not_know and not scenario.variant):
    """Change one clean scenario of a file, under an id that says nothing of it, and check the file."""
    them = scenarios(file)
    siblings = {scenario.twin_of for scenario in them}
    place = next(n for n, s in enumerate(them) if fits(s) and s.id not in siblings and not s.twin_of)
    them[place] = identify(change(them[place]))
    file.write_bytes(dump(them))
    text, ok = check(file)
    assert not ok
    return text


def with_persona(scenario, **changes):
    return replace(scenario, persona=replace(scenario.persona, **changes))


def test_a_file_as_it_was_made_has_nothing_wrong(made):
    text, ok = check(made)
    assert ok, text
    assert f"{len(scenarios(made))} scenarios, every proof holds" in text
    assert "Strongest tie between two traits" in text
    assert "health_literacy" in text


def test_a_planted_leak_in_the_record_is_found(file):
    def leak(s):
        told = Entry(text=f"Known {s.truth.accepted[0]}")
        return replace(s, record=replace(s.record, problems=(*s.record.problems, told)))

    assert "leak does not hold" in planted(file, leak)


def test_a_planted_leak_in_what_is_said_is_found(file):
    text = planted(file, lambda s: with_persona(s, worry=f"You fear {s.truth.accepted[-1]}."))
    assert "gives the answer away" in text


def test_an_implausible_age_is_found(file):
    def aged(s):
        return replace(with_persona(s, age=119), record=replace(s.record, age=119))

    text = planted(file, aged)
    assert "age does not hold: 119 years" in text


def test_a_child_that_speaks_is_found(file):
    def child(s):
        return replace(with_persona(s, age=9), record=replace(s.record, age=9))

    text = planted(file, child, lambda s: s.persona.speaker == "self" and not s.variant)
    assert "self speaks for a patient of 9" in text


def test_a_site_that_is_not_the_visible_one_is_found(file):
    text = planted(file, lambda s: replace(s, truth=replace(s.truth, site="left big toe")))
    assert "site does not hold: left big toe" in text


def test_a_persona_that_is_not_the_records_is_found(file):
    assert "person does not hold" in planted(file, lambda s: with_persona(s, name="Somebody Else"))


def test_skin_at_odds_with_the_record_is_found(file):
    def at_odds(s):
        return replace(s, record=replace(s.record, race="White", ethnicity=""))

    text = planted(file, at_odds, lambda s: s.seen.tone == "56" and not s.variant)
    assert "tone does not hold: skin tone 56; recorded is White" in text


def test_an_entry_from_before_birth_is_found(file):
    def early(s):
        return replace(s, record=replace(s.record, problems=(Entry(text="Asthma", since="1850"),)))

    assert "dates does not hold" in planted(file, early)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: replace(s, task="T99"), "no task 'T99'"),
        (lambda s: with_persona(s, traits=s.persona.traits | {"x": "y"}), "no trait 'x'"),
        (lambda s: with_persona(s, traits=s.persona.traits | {"recall": "y"}), "with a level 'y'"),
        (lambda s: replace(s, record=replace(s.record, as_of="yesterday")), "'yesterday' is no day"),
    ],
)
def test_a_word_that_does_not_exist_is_found(file, change, words):
    assert words in planted(file, change)


def test_a_risk_that_is_not_on_the_card_is_found(file):
    def hidden(s):
        return replace(s, truth=replace(s.truth, risks=()))

    assert "risk does not hold" in planted(file, hidden, lambda s: s.truth.risks and not s.variant)


def test_a_line_that_was_changed_is_found_and_so_is_what_it_hides(file):
    lines = file.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"canary":"imcbench', b'"canary":"other')
    file.write_bytes(b"".join(lines))
    text, ok = check(file)
    assert not ok
    assert "line 2: the content is not what" in text
    assert "does not carry the canary" in text
    with pytest.raises(Unreadable, match="line 2"):
        open_sample(file)


def test_a_stored_proof_that_says_something_else_is_found(file):
    def forged(s):
        return replace(s, proof=(replace(s.proof[0], says="fine"), *s.proof[1:]))

    assert "the stored proof of age" in planted(file, forged)


def test_a_twin_that_differs_in_more_than_its_photograph_is_found(file):
    them = scenarios(file)
    place = next(n for n, s in enumerate(them) if s.twin_of)
    them[place] = identify(with_persona(them[place], worry="Something else."))
    file.write_bytes(dump(them))
    assert "in more than the photograph" in check(file)[0]


def test_a_scenario_that_stands_twice_is_found(file):
    them = scenarios(file)
    file.write_bytes(dump([*them, them[0]]))
    assert "the same scenario as line 1" in check(file)[0]


def test_photographs_that_are_gone_or_changed_are_found(file):
    first, second, *_ = sorted(folder(file).glob("*.jpg"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:-9])
    text, ok = check(file)
    assert not ok
    assert "is not in" in text
    assert "was changed" in text
    with pytest.raises(Unreadable, match="photograph"):
        open_sample(file)


@real
@pytest.mark.shared
def test_the_same_picture_in_two_clusters_is_found(tmp_path):
    out = tmp_path / "real.jsonl"
    build(ScenarioWish(cases=SHARED / "images/pad_ufes_20", count=10, degraded=0), out)
    assert check(out)[1]
    them = scenarios(out)
    them[1] = identify(replace(them[1], photo=them[0].photo))
    out.write_bytes(dump(them))
    text, ok = check(out)
    assert not ok
    assert "two clusters" in text


def test_a_scenario_is_shown_whole(made):
    listed = show(made)
    assert listed.count("\ns-") == len(scenarios(made)) > 45
    one = scenarios(made)[3]
    page = show(made, one.id)
    for part in (one.persona.opening[:20], "TRUTH CARD (draft", "PROOF", one.truth.title, "must not know"):
        assert part in page
    with pytest.raises(Unreadable, match="no scenario s-nothing"):
        show(made, "s-nothing")
    with pytest.raises(Unreadable, match="begin with s-"):
        show(made, "s-")
