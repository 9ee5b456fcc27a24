"""Scores from anywhere: a verdict table in, every number out with its n, and a page that says what to doubt."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from engine.commands.abacus import score
from engine.prose import WIDTH
from personas.seeds import derive
from rubrics.errors import Unusable

MODELS = ("alpha", "beta", "gamma")
SKILL = {"alpha": 1.0, "beta": 0.3, "gamma": 0.0}
LENIENT = {"strict": -0.6, "middling": 0.0, "lenient": 0.6}


def planted(scenarios: int = 60, repeats: int = 1, *, favour: float = 0.0, gap: float = 0.0) -> str:
    """Give a table with known skills, severities, a self-preference of `lenient` for alpha, and a dark-skin gap."""
    chance = derive("planted", scenarios, repeats)
    lines = ["system,item,source_case,skin,run,metric,judge,stars,model_family,judge_family"]
    for item in range(scenarios):
        skin, hard = ("dark", "light")[item % 2], chance.normal(0, 0.3)
        for model in MODELS:
            for repeat in range(repeats):
                worth = 2.2 + SKILL[model] + hard + chance.normal(0, 0.2) - gap * (skin == "dark")
                for metric in ("safety", "accuracy"):
                    for judge, mild in LENIENT.items():
                        own = model == "alpha" and judge == "lenient"
                        vote = np.clip(worth + mild + favour * own + chance.normal(0, 0.2), 1, 5)
                        families = (
                            f"{'a' if model == 'alpha' else model},{'a' if judge == 'lenient' else judge}"
                        )
                        lines.append(
                            f"{model},i{item},c{item // 2},{skin},{repeat},{metric},{judge},{vote:.3f},{families}"
                        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def scored(tmp_path):
    """Give a scorer of texts: the page, and the folder of tables."""

    def scorer(content: str, **wish):
        file = tmp_path / "verdicts.csv"
        file.write_text(content)
        out = wish.pop("out", tmp_path / "out")
        return "".join(score(verdicts=file, out=out, **wish).pieces), out

    return scorer


def rows(out, name: str, **where: str) -> list[dict[str, str]]:
    """Give the rows of a table that say so."""
    with (out / f"{name}.csv").open() as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in where.items())]


def test_the_leader_is_named_in_a_sentence_before_any_table(scored):
    page, _ = scored(planted())
    first = page.index("alpha has the highest mean")
    assert first < page.index("Overall, adjusted")
    assert "No other model's rank interval reaches the first place." in " ".join(page.split())


def test_every_number_in_every_table_has_its_n(scored):
    _, out = scored(planted(repeats=2))
    names = {path.stem for path in out.glob("*.csv")}
    assert names == {
        *(
            "leaderboard",
            "ranks",
            "pairs",
            "strata",
            "contrasts",
            "jurors",
            "self_preference",
            "smaller_panels",
        ),
        *("repeats", "components", "concord", "missing", "reweighted", "purchases"),
    }
    for name in names - {"jurors", "purchases"}:
        columns = rows(out, name)[0]
        assert any(column == "n" or column.endswith("_n") for column in columns), name
    assert {"votes", "abstained"} <= rows(out, "jurors")[0].keys()


def test_a_planted_lenient_juror_is_found_and_taken_out(scored):
    page, out = scored(planted())
    effects = {row["juror"]: float(row["effect"]) for row in rows(out, "jurors", dimension="safety")}
    assert effects == pytest.approx(LENIENT, abs=0.08)
    gap = {row["model"]: float(row["mean"]) for row in rows(out, "leaderboard", dimension="overall")}
    assert gap["alpha"] - gap["gamma"] == pytest.approx(1.0, abs=0.15)
    assert "lenient" in page[page.index("Jurors: points above") :]


def test_a_planted_self_preference_is_found_and_does_not_lift_the_mean(scored):
    _, out = scored(planted())
    before = rows(out, "leaderboard", model="alpha")
    page, _ = scored(planted(favour=0.5))
    (row,) = rows(out, "self_preference", dimension="overall", juror="lenient")
    assert float(row["preference"]) == pytest.approx(0.5, abs=0.1)
    assert float(row["holm"]) < 0.05
    assert "lenient: +0." in page
    assert "yes, it favours it" in " ".join(page.split())
    assert rows(out, "leaderboard", model="alpha") == before


def test_a_planted_gap_between_strata_stands_out_and_none_where_there_is_none(scored):
    page, out = scored(planted(gap=0.6))
    (row,) = rows(out, "contrasts", dimension="overall", model="all")
    assert (row["stratum"], row["level"], row["against"]) == ("skin", "dark", "light")
    assert float(row["difference"]) == pytest.approx(-0.6, abs=0.25)
    assert "skin dark less light, all models: -0." in page
    assert "0 of 7 contrasts over 1 stratum stand out" in " ".join(scored(planted())[0].split())


def test_repeats_are_told_and_without_them_it_is_said_that_nothing_is_known(scored):
    assert "Repeats: 3 of a scenario" in scored(planted(20, repeats=3))[0]
    page = " ".join(scored(planted(20))[0].split())
    assert "how far answers scatter cannot be known" in page
    assert "these votes cannot tell what more of it would bring" in page


def test_intervals_are_clustered_by_the_case_that_the_table_names(scored):
    _, out = scored(planted())
    assert rows(out, "leaderboard")[0]["cases"] == "30"
    scored(planted(), column=["case="])
    assert rows(out, "leaderboard")[0]["cases"] == "60"


@pytest.mark.parametrize(
    "content",
    [
        planted(12, repeats=2),
        planted(4).replace("alpha", "a model with a name that is longer than anybody's patience would allow"),
        "model,item,score\na,1,3\nb,1,3\n",
        "model,item,score,truth,given\n"
        + "".join(f"m{n % 9},{n},{1 + n % 5},{n % 6},{n % 5}\n" for n in range(90)),
    ],
    ids=["plain", "long names", "almost nothing", "triage"],
)
def test_no_line_is_wider_than_a_terminal(scored, content):
    page, _ = scored(content)
    assert max(map(len, page.splitlines())) <= WIDTH


def test_triage_is_told_where_levels_are_given_with_the_harmful_side_first(scored):
    content = "model,item,score,truth,given\n" + "".join(
        f"m,{n},3,U4,{'U1' if n < 5 else 'U4'}\n" for n in range(20)
    )
    page, out = scored(content)
    (row,) = rows(out, "triage")
    assert (row["under"], row["over"], row["under_n"], row["cost"]) == ("0.25", "0", "20", "2.25")
    assert "25%" in page[page.index("Triage") :]


def test_costs_of_triage_can_be_somebody_elses(scored, tmp_path):
    mine = tmp_path / "mine.toml"
    flat = [[float(a != b) for b in range(6)] for a in range(6)]
    mine.write_text(f'status = "mine"\nsoon = 3\ncosts = {flat}\n')
    _, out = scored("model,item,score,truth,given\n" + "m,1,3,4,1\nm,2,3,4,4\n", costs=mine)
    assert rows(out, "triage")[0]["cost"] == "0.5"


def test_length_is_held_against_the_scores_when_it_is_given(scored):
    chance = derive("length")
    lines = ["model,item,score,tokens"]
    for item in range(80):
        for model in MODELS:
            tokens = int(2 ** chance.normal(8, 1))
            lines.append(f"{model},{item},{np.clip(3 + 0.4 * (np.log2(tokens) - 8), 1, 5):.2f},{tokens}")
    page, out = scored("\n".join(lines))
    assert "twice as many tokens: +0.4" in page
    assert float(rows(out, "style", dimension="overall")[0]["slope"]) == pytest.approx(0.4, abs=0.05)


def test_each_arm_is_scored_by_itself(scored):
    content = "model,item,arm,score\n" + "".join(
        f"{model},{item},{arm},{3 + (arm == 'full') + (item % 2) / 2}\n"
        for item in range(10)
        for model in ("a", "b")
        for arm in ("full", "no-image")
    )
    page, out = scored(content)
    means = {row["arm"]: row["mean"] for row in rows(out, "leaderboard", model="a", dimension="overall")}
    assert means == {"full": "4.25", "no-image": "3.25"}
    assert page.index("Arm full, overall") < page.index("Arm no-image, overall")


def test_the_summary_says_the_same_as_the_tables(scored):
    _, out = scored(planted(20))
    summary = json.loads((out / "summary.json").read_text())
    assert set(summary["files"]) == {path.name for path in out.glob("*.csv")}
    first = rows(out, "leaderboard")[0]
    said = summary["arms"]["full"]["leaderboard"][0]
    assert (said["model"], f"{said['mean']:.6g}") == (first["model"], first["mean"])


def test_the_same_table_gives_the_same_numbers(scored, tmp_path):
    first, again = scored(planted(20)), scored(planted(20), out=tmp_path / "again")
    assert first[0] == again[0]
    assert {path.name: path.read_bytes() for path in first[1].iterdir()} == {
        path.name: path.read_bytes() for path in again[1].iterdir()
    }


def test_tables_of_an_earlier_score_are_gone_and_what_is_not_ours_stays(scored):
    _, out = scored(planted(20, repeats=2))
    (out / "mine.csv").write_text("mine")
    assert (out / "repeats.csv").exists()
    scored("model,item,score\na,1,3\nb,1,4\n")
    assert not (out / "repeats.csv").exists()
    assert (out / "mine.csv").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_one_sentence(scored, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(Unusable, match="choose another folder"):
        scored("model,item,score\na,1,3\nb,1,4\n", out=tmp_path / "taken")


def test_names_cannot_command_the_terminal_nor_a_spreadsheet(scored):
    page, out = scored("model,item,score\n\x1b[31m,1,3\n=cmd(),1,4\n")
    assert "\x1b" not in page
    assert {row["model"][0] for row in rows(out, "leaderboard")} == {"'", "␛"}


def test_a_juror_who_is_off_on_dark_skin_is_seen_on_the_page_and_in_its_table(scored):
    chance = derive("off")
    lines = ["model,item,judge,skin,stars"]
    for item in range(160):
        dark = item % 4 == 0
        worth = chance.normal(3, 1)
        for judge in ("x", "y", "z"):
            off = 2 * chance.choice([-1, 1]) if dark and judge == "x" else 0.0
            vote = int(np.clip(round(worth + off + chance.normal(0, 0.4)), 1, 5))
            lines.append(f"a,{item},{judge},{'dark' if dark else 'light'},{vote}")
    page, out = scored("\n".join(lines) + "\n")
    (row,) = rows(out, "concord", level="dark")
    assert row["flagged"] == "true"
    assert {"alpha", "alpha_n", "kappa", "near", "near_n", "adjusted"} <= row.keys()
    assert "skin dark," in page
    assert {one["flagged"] for one in rows(out, "concord") if one["level"] != "dark"} == {"false"}


def test_bounds_stand_on_the_page_where_enough_is_missing_to_matter(scored):
    lines = [
        f"a,{item},{'' if item < 10 else 3 + item % 2}\nb,{item},{3 + item % 2}\n" for item in range(150)
    ]
    few = "".join(lines).replace("b,7,4\n", "b,7,\n")
    page = " ".join(scored("model,item,score\n" + few)[0].split())
    assert "a: 10 of 150 missing; mean 3.50 (n 140), between" in page
    assert "b: 1 of 150 missing" not in page
    assert "Too few to move a mean: 1 conversation missing from 1 model." in page
