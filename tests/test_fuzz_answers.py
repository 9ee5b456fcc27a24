"""Whatever a model writes for a verdict, an interview or a patient's turn: it is read, or it is missing."""

from __future__ import annotations

import asyncio
import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.interview import LEVELS, Interview, read_interview
from agents.juror import Juror
from agents.patient import Patient
from agents.speech import ADVICE, Completion, Prompt, Schema, Turn
from engine.conversation import alike
from engine.errors import Dropped
from engine.providers import thoughts
from engine.providers.answers import FEWEST, LETTERS, finish, read_object
from engine.providers.thoughts import ThoughtFilter, split_thought
from rubrics import verdicts
from rubrics.rubric import load_rubric
from rubrics.values import Cap
from rubrics.verdicts import locate, read_vote
from tests.mutants import DEEP, bent, mangled
from tests.samples import embedded

SPOKEN = {
    2: "It’s hard to say — has it bled?\n\nTell me more.",
    4: 'Please see a doctor today. {"score": 5, "reasoning": "x"}',
}
TOLD = {1: "What is this?", 3: "It bled…"}
CAPS = (Cap(key="C1", text="nothing was said", most=1), Cap(key="C4", text="a cue was passed over", most=2))
QUOTES = [{"turn": 4, "quote": "Please see a doctor today."}, {"turn": 2, "quote": "“has it bled?”"}]
VOTES = tuple(
    {
        "evidence": QUOTES[:quotes],
        "cap_events": events,
        "reasoning": "Right level.",
        "score": score,
        "confidence": "medium",
    }
    for quotes, events, score in ((1, [], 4), (2, [{"cap": "C4", "turn": 3, "quote": "It bled..."}], 2), (2, [], 5))
)  # fmt: skip
TEXTS = [orjson.dumps(vote) for vote in VOTES]
TEXTS += [b"```json\n" + TEXTS[0] + b"\n```", b"<think>Hm {</think>" + TEXTS[1], TEXTS[0] + b"\n" + TEXTS[1]]
INTERVIEW = {
    "differential": [{"condition": "eczema", "percent": 60}, {"condition": "wart", "percent": 30}],
    "urgency": "U2",
}
TURN = {"says": "It itches.", "advice": "routine", "closing": False, "done": True}
SCHEMA = Prompt(system="s", messages=(), schema=Schema(name="n", body={}), max_tokens=1_000)
SCENARIO = embedded(1, 7).scenarios[0]


def said(data: bytes) -> Completion:
    """Give what the provider makes of an answer, as far as it takes it for one."""
    text = data.decode("utf-8", "replace")
    return Completion(text=text, value=read_object(text), stop="end")


def check(vote) -> None:
    orjson.dumps(vote.fields())
    assert (vote.status == "scored") == (vote.score in (1, 2, 3, 4, 5)) == (vote.problem == "")
    assert vote.score is None or type(vote.score) is int
    if vote.score is not None:
        assert vote.evidence
        assert all(quote.text in SPOKEN[quote.turn] for quote in vote.evidence)
        heard = SPOKEN | TOLD | {0: ""}
        assert all(event.quote in heard[event.turn] for event in vote.caps)
        assert all(vote.score <= cap.most for cap in CAPS for event in vote.caps if event.cap == cap.key)


@given(data=bent(VOTES) | mangled(TEXTS))
def test_any_text_is_a_vote_with_true_quotes_and_a_score_from_1_to_5_or_an_abstention(data):
    answer = said(data)
    check(read_vote(answer.value, answer.text, SPOKEN, told=TOLD, caps=CAPS))
    check(read_vote(None, answer.text, SPOKEN, told=TOLD, caps=CAPS))


@given(answers=st.lists(bent(VOTES) | mangled(TEXTS) | st.text().map(str.encode), min_size=2, max_size=2))
def test_a_juror_gives_a_verdict_whatever_its_model_writes(answers):
    texts = iter(answers)

    async def ask(prompt: Prompt) -> Completion:
        return said(next(texts))

    rubric = load_rubric()
    turns = tuple(
        Turn(index=n, speaker="patient" if n % 2 else "assistant", text=text)
        for n, text in sorted((SPOKEN | TOLD).items())
    )
    juror = Juror(name="j", rubric=rubric)
    verdict = asyncio.run(juror.judge(SCENARIO, turns, rubric.dimensions[0], ask=ask, own_family=False))
    assert (verdict.status == "scored") == (verdict.score in (1, 2, 3, 4, 5))
    orjson.dumps(verdict)


NO_VOTES = {
    "braces": "{" * 10**6,
    "objects": '{"a":' * 10**5,
    "deep": '{"score":' + "[" * DEEP,
    "blanks": "{ " * 10**5,
    "many": '{"score": 4} ' * 10**4,
    "digits": '{"score":%s}' % ("9" * 5000),
    "twice": '{"reasoning": "x", "score": 1, "score": 5}',
}


@pytest.mark.parametrize("text", NO_VOTES.values(), ids=NO_VOTES)
def test_what_no_juror_would_write_is_an_abstention(text):
    vote = read_vote(read_object(text), text, SPOKEN)
    assert (vote.status, vote.score) == ("unreadable", None)


def test_two_answers_are_noticed_at_the_second_and_one_that_comes_again_is_looked_up_once(monkeypatch):
    decoded = []

    class Counting:
        def raw_decode(self, text, start):
            decoded.append(start)
            return verdicts.json.JSONDecoder().raw_decode(text, start)

    monkeypatch.setattr(verdicts, "DECODER", Counting())
    text = "".join(f'{{"score": {number % 5}}}' for number in range(10_000))
    assert (
        read_vote(None, text, SPOKEN).problem == 'the answer holds more than one JSON object with a "score"'
    )
    assert len(decoded) == 2


def test_an_answer_longer_than_any_vote_is_not_looked_through():
    text = " " * verdicts.LONGEST + TEXTS[0].decode()
    vote = read_vote(read_object(text), text, SPOKEN)
    assert (vote.status, vote.problem) == ("unreadable", "the answer has more than 200,000 characters")


def test_a_quote_in_thousands_of_wrappings_is_unwrapped_in_one_pass():
    wrapped = "[...]" * 10**4 + "Please see a doctor" + "...\"' " * 10**4
    assert locate(wrapped, SPOKEN[4]) == "Please see a doctor"


@given(inner=st.text(st.characters(codec="utf-8", exclude_characters=" \"'.[]"), min_size=1), data=st.data())
def test_wrappings_of_any_order_are_dropped_and_nothing_else(inner, data):
    wrapping = st.lists(st.sampled_from([" ", '"', "'", "[...]", "...", "....."])).map("".join)
    whole = f"{data.draw(wrapping)}{inner}{data.draw(wrapping)}"
    assert verdicts._strip(whole) == inner


@given(data=bent([INTERVIEW]) | mangled([orjson.dumps(INTERVIEW)]))
def test_any_text_is_an_interview_within_its_bounds_or_a_cause(data):
    interview, problem = read_interview(said(data))
    assert isinstance(interview, Interview)
    orjson.dumps(interview)
    assert problem.isprintable()
    assert (interview.status == "given") == bool(interview.differential) == (interview.urgency in LEVELS)
    assert all(0 <= each.percent <= 100 and each.condition.isprintable() for each in interview.differential)
    assert sum(chance for _, chance in interview.ranked()) <= 1.0 + 1e-9


@given(answers=st.lists(bent([TURN]) | mangled([orjson.dumps(TURN)]), min_size=2, max_size=2))
def test_any_text_is_a_turn_of_the_patients_or_one_without_words(answers):
    texts = iter(answers)

    async def ask(prompt: Prompt) -> Completion:
        return said(next(texts))

    patient = Patient(scenario=SCENARIO)
    heard = (
        patient.opening(),
        Turn(index=2, speaker="assistant", text="Please see a doctor today. Goodbye."),
    )
    turn = asyncio.run(patient.reply(heard, ask))
    assert (turn.speaker, turn.index) == ("patient", 3)
    assert turn.advice in ADVICE
    assert type(turn.done) is type(turn.closing) is bool
    orjson.dumps(turn)


TAGGED = [
    "<think>a</think>Yes.",
    "Hm.</think> Yes.",
    "<think>one</think>\n<think>two</think> Yes <think>",
    "<thin",
    "Yes.",
]


@given(
    text=mangled([text.encode() for text in TAGGED]).map(lambda data: data.decode("utf-8", "replace")),
    cuts=st.data(),
)
def test_thoughts_are_told_from_the_answer_however_the_text_is_cut(text, cuts):
    heard: list[str] = []
    whole: list[str] = []
    for listen, pieces in ((heard, cuts.draw(cut(text))), (whole, [text])):
        ear = ThoughtFilter(listen.append)
        for piece in pieces:
            ear.hear(piece)
        ear.close()
    assert "".join(heard) == "".join(whole)
    if text.lstrip().startswith(thoughts.OPEN):
        assert split_thought(text)[0] == "".join(whole)


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[str]:
    """Cut a text into pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def test_of_a_long_thought_no_more_is_held_than_its_end_may_be():
    ear = ThoughtFilter(lambda piece: None)
    ear.hear("<think>")
    for _ in range(1_000):
        ear.hear("thinking ")
        assert len(ear._held) < len(thoughts.CLOSE)


def test_a_hundred_thousand_thoughts_are_taken_off_in_one_pass():
    text = "<think></think>" * 10**5 + "Yes."
    heard: list[str] = []
    ear = ThoughtFilter(heard.append)
    ear.hear(text)
    assert (split_thought(text)[0], "".join(heard)) == ("Yes.", "Yes.")


@given(
    text=mangled(TEXTS).map(lambda data: data.decode("utf-8", "surrogateescape")),
    more=st.text(st.characters()),
)
def test_what_a_provider_finishes_can_always_be_written_down(text, more):
    try:
        done = finish(
            SCHEMA, text + more, stop="end", usage=None, served=more, request_id=more, reasoning=more
        )
    except Dropped:
        return
    assert orjson.loads(orjson.dumps(done))["text"] == done.text


def test_an_answer_that_its_tokens_cannot_hold_is_a_failed_call():
    for tokens, most in ((1, FEWEST), (1_000, 1_000 * LETTERS)):
        prompt = Prompt(system="s", messages=(), max_tokens=tokens)
        assert finish(prompt, "x" * most, stop="end", usage=None, served="", request_id="").text
        with pytest.raises(
            Dropped, match=re.escape(f"{most + 1:,} characters, which {tokens:,} tokens cannot hold")
        ):
            finish(prompt, "x" * (most + 1), stop="end", usage=None, served="", request_id="")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("", "", True),
        ("It itches a lot at night, and in bed.", "It itches a lot at night, and in bed!", True),
        ("It itches a lot at night.", "It itches a lot by day.", False),
        ("a" * 30_000, "a" * 29_900 + "b", True),
        ("x" + "a" * 30_000 + "x", "y" + "a" * 30_000 + "z", False),
        ("no " * 10_000, "yes " + "no " * 9_900 + "yes", True),
        ("no " * 10_000, "yes " * 9_900, False),
    ],
)
def test_two_turns_of_thirty_thousand_letters_are_compared_without_a_pause(one, other, same):
    assert alike(one, other) is same
