"""A long run stays small: what is over leaves next to nothing behind, whoever watched it."""

from __future__ import annotations

from array import array

import pytest

from agents.speech import Turn
from engine.campaign import Watch, run_campaign
from engine.console.plain import PlainConsole
from engine.console.spotlight import Spotlight
from engine.events import ConversationEnded, ConversationStarted, Event, TurnSpoken
from engine.segments import read_run
from engine.simulator.tokens import CROWDED, PrefixCache, PromptTrail
from engine.tally import Tally
from engine.tape import Tape
from tests.benchmarks.metering import Delays, LagMeter, quantile
from tests.benchmarks.soak import Size, compose
from tests.test_tally import FAILED, answer, vote

TURN = TurnSpoken(turn=Turn(index=1, speaker="patient", text="Hello"))


def talk(number: int, *bodies: object) -> list[Event]:
    """Give a conversation's beginning and what follows."""
    name = f"gpt-5.1/s-{number % 5}/full/{number}"
    begun = ConversationStarted(
        scenario=f"s-{number % 5}", title="a spot", model="gpt-5.1", arm="full", repeat=number
    )
    return [Event(at=1.0, conversation=name, body=body) for body in (begun, TURN, *bodies)]


def ended(reason: str = "patient_done") -> ConversationEnded:
    return ConversationEnded(stop_reason=reason, turns=4)


def test_the_tally_keeps_no_more_of_a_judged_conversation_than_that_it_was():
    tally = Tally(planned=300, votes=2)
    size = tally.held
    for number in range(100):
        whole = (answer(), ended(), vote("safety"), vote("accuracy", "refused"))
        for event in (*talk(number, *whole), *talk(number, *whole)):
            tally.hear(event)
    for number in range(100, 200):
        for event in talk(number, ended("patient_fault")):
            tally.hear(event)
    assert tally.open == 0
    assert tally.held == size
    state = tally.statistics()
    assert (state.started, state.judged, state.turns, state.under_way) == (200, 200, 200, 0)
    assert state.abstained == {"refused": 100}
    assert state.total.calls == 200  # a call that is told twice was paid twice


@pytest.mark.parametrize(
    "story", [(FAILED,), (ended(), vote("safety")), (ended(), vote("safety", "failed"), vote("x"))]
)
def test_the_tally_remembers_what_may_still_change(story):
    tally = Tally(planned=3, votes=2)
    for event in talk(0, *story):
        tally.hear(event)
    assert tally.open == 1


def test_the_spotlight_forgets_who_is_over_and_keeps_a_title_for_each_scenario():
    light = Spotlight("nobody")
    for number in range(100):
        for event in talk(number, ended()):
            light.hear(event)
    assert light.held == 5  # titles
    assert light.names("gpt-5.1/s-3/full/99") == ("gpt-5.1", "a spot")
    assert light.names("gpt-5.1/s-3/no-image/99") == ("gpt-5.1", "a spot (no-image)")


def test_the_simulators_cache_forgets_what_was_used_least_lately():
    cache, now = PrefixCache(), 0.0
    shared = PromptTrail("m", "gpt", automatic=True)
    shared.add_text("user", "x" * 8192)
    for number in range(CROWDED // 100):
        trail = PromptTrail("m", "gpt", automatic=True)
        trail.add_text("user", "x" * 8192)
        trail.add_text("user", "".join(f"{number:0512}" for _ in range(150)))
        now += 0.001
        cache.keep(cache.look(trail, 1024, now, automatic=True), now)
    assert len(cache) <= CROWDED
    assert cache.look(shared, 1024, now, automatic=True).usage.read == 2048
    assert cache.look(shared, 1024, now + 400, automatic=True).usage.read == 0
    cache.keep(cache.look(shared, 1024, now + 400, automatic=True), now + 400)
    assert len(cache) == 16  # all others' time was over


async def test_nothing_is_left_of_a_run_but_its_folder(tmp_path):
    campaign = compose(tmp_path / "run", Size(conversations=16, turns=2, dimensions=1))
    plan, watch = campaign.plan, Watch()
    tally = Tally(planned=len(campaign.cells), votes=len(plan.jury))
    console = PlainConsole(tally, title="run", simulated=True, quiet=True)
    assert await run_campaign(campaign, console, tally, watch)
    assert (tally.judged, tally.failed, tally.open) == (16, 0, 0)
    assert all(limiter.waiting == limiter.in_flight == 0 for limiter in watch.statistics().values())
    again = Tally(planned=16, votes=len(plan.jury))
    for event in read_run(campaign.folder):
        again.hear(event)
    assert again.statistics() == tally.statistics()


def test_a_delay_is_our_own_as_far_as_we_were_at_work():
    delays = Delays()
    for late, worked in ((0.04, 0.01), (0.02, 0.03), (-0.001, 0.002)):
        delays.add(late, worked)
    assert delays == Delays(array("H", (400, 200, 0)), array("H", (100, 200, 0)))


def test_a_quantile_is_one_of_the_values():
    assert [quantile(range(100), share) for share in (0, 0.5, 0.99, 1)] == [0, 50, 99, 99]
    assert quantile((), 0.99) == 0.0


def test_what_the_meter_gave_it_gives_once():
    meter = LagMeter()
    meter._delays.add(0.5, 0.0)
    assert list(meter.take().late) == [5_000]
    assert list(meter.take().late) == []


def test_a_tape_remembers_nothing_of_conversations_that_are_not_on_it():
    tape = Tape()
    for number in range(100):
        assert tape.answer((f"talk {number}", "patient", 0), "digest") is None
    assert not tape._heard
