"""What a plan can see, and the cheapest that sees enough: assumed when nothing was measured, and then it is said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.commands.abacus import power
from engine.errors import BadOption
from engine.prose import WIDTH
from personas.seeds import derive
from rubrics.errors import Unusable


def page(**wish) -> str:
    return "".join(power(**wish).pieces)


def sees(text: str, name: str = "any dimension") -> float:
    """Give the smallest difference of one pair."""
    return float(next(line for line in text.splitlines() if line.startswith(f"  {name}")).split()[-2])


@pytest.fixture
def votes(tmp_path):
    """Give a table of two models over 200 scenarios, three repeats and three jurors, with known components."""
    chance, lines = derive("power"), ["model,item,repeat,juror,score"]
    for item in range(200):
        for model in ("a", "b"):
            both = chance.normal(0, 0.4)
            for repeat in range(3):
                again = both + chance.normal(0, 0.3)
                lines += [
                    f"{model},{item},{repeat},j{juror},{np.clip(3 + again + chance.normal(0, 0.3), 1, 5):.4f}"
                    for juror in range(3)
                ]
    file = tmp_path / "votes.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_without_a_run_it_says_what_was_assumed_and_that_it_is_a_guess():
    text = " ".join(page(detect=0.2).split())
    assert "nothing measured: assumed components (a guess, not measured)" in text
    assert "residual 0.15" in text
    assert "0.05 USD a conversation, 0.01 USD a vote that counts (assumed)" in text
    assert "Assumed is not measured" in text


def test_more_scenarios_see_smaller_differences():
    assert sees(page(n=600)) == pytest.approx(sees(page(n=150)) / 2, abs=0.01)


def test_all_pairs_need_more_than_one_pair():
    line = next(line for line in page(models=8).splitlines() if line.startswith("  any dimension"))
    one, every = map(float, line.split()[-2:])
    assert one < every
    assert "all 28 pairs" in page(models=8)
    assert "all" not in page(models=2).split("One pair:")[0].split("two-sided")[1]


def test_what_votes_tell_is_measured_from_them(votes):
    text = page(source=votes)
    error = np.sqrt(2 * (0.16 + 0.09 / 3 + 0.09 / 9) / 200)
    found = float(re.search(r"^  score\s+([0-9.]+)", text, re.MULTILINE)[1])
    assert found == pytest.approx(error, rel=0.15)
    assert "3,600 votes on 200 cases" in text
    assert "200 scenarios, 3 repeats and 3 jurors" in text


def test_the_cheapest_plan_sees_what_it_was_bought_for(votes):
    text = page(source=votes, detect=0.15, models=2)
    offered = next(line for line in text.splitlines() if line.startswith("  score, one pair")).split()
    scenarios, repeats, jurors = map(int, offered[-4:-1])
    again = page(source=votes, n=scenarios, repeats=repeats, jurors=jurors, models=2)
    (found,) = re.findall(r"^  score\s+[0-9.]+\s+([0-9.]+)$", again, re.MULTILINE)
    assert float(found) <= 0.15
    assert jurors >= 2


def test_dear_votes_buy_scenarios_and_dear_conversations_buy_votes():
    def bought(**prices):
        text = page(detect=0.2, models=2, **prices)
        return list(
            map(int, next(x for x in text.splitlines() if "one pair  " in x and "," in x).split()[-4:-1])
        )

    dear_votes = bought(price_conversation=0.01, price_vote=1.0)
    dear_talks = bought(price_conversation=50.0, price_vote=0.001)
    assert dear_votes[2] < dear_talks[2]


def test_what_the_votes_cannot_tell_is_not_offered(votes):
    lines = votes.read_text().splitlines()
    once = votes.with_name("once.csv")
    once.write_text("\n".join([lines[0], *(line for line in lines[1:] if line.split(",")[2] == "0")]))
    text = page(source=once, detect=0.1)
    assert "cannot tell what more repeats would bring" in " ".join(text.split())
    offered = [line.split()[-3] for line in text.splitlines() if line.startswith("  score, ")]
    assert set(offered) == {"1"}


def test_votes_of_one_juror_and_no_repeats_tell_of_scenarios_alone(votes):
    lines = votes.read_text().splitlines()
    once = votes.with_name("once.csv")
    once.write_text("\n".join([lines[0], *(line for line in lines[1:] if ",0,j0," in line)]))
    text = page(source=once, detect=0.3, models=2)
    error = np.sqrt(2 * (0.16 + 0.09 + 0.09) / 200)
    assert float(re.search(r"^  score\s+([0-9.]+)", text, re.MULTILINE)[1]) == pytest.approx(error, rel=0.15)
    assert "cannot tell what more jurors or repeats would bring" in " ".join(text.split())


def test_no_line_is_wider_than_a_terminal(votes):
    for text in (page(detect=0.2), page(source=votes, detect=0.05, models=40)):
        assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"n": 1}, "--n 1 is too few"),
        ({"models": 1}, "--models 1"),
        ({"jurors": 0}, "--jurors 0"),
        ({"repeats": 0}, "--repeats 0"),
        ({"detect": 0.0}, "--detect 0"),
        ({"detect": float("nan")}, "--detect nan"),
        ({"price_vote": -1.0}, "--price-vote -1"),
        ({"price_conversation": 0.0, "price_vote": 0.0}, "both 0"),
    ],
)
def test_a_plan_that_cannot_be_is_one_sentence(wish, said):
    with pytest.raises(BadOption, match=re.escape(said)):
        page(**wish)


def test_votes_of_a_single_model_cannot_tell_and_say_so(tmp_path):
    file = tmp_path / "one.csv"
    file.write_text("model,item,score\na,1,3\na,2,4\n")
    with pytest.raises(Unusable, match="two models on the same scenarios"):
        page(source=file)
