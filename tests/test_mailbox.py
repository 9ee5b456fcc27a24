"""Mailboxes: bounded, shared out, closed without losing a letter, and fair to whoever is cancelled."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from engine.mailbox import Mailbox, MailboxStatistics


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_letters_come_out_in_the_order_they_went_in():
    box: Mailbox[int] = Mailbox(3)
    for letter in (1, 2, 3):
        await box.put(letter)
    box.close()
    assert [letter async for letter in box] == [1, 2, 3]


async def test_a_full_box_makes_the_sender_wait_and_a_taken_letter_lets_one_in():
    box: Mailbox[int] = Mailbox(1)
    async with asyncio.TaskGroup() as group:
        for letter in (1, 2, 3):
            group.create_task(box.put(letter))
        await settle()
        assert (box.statistics().letters, box.statistics().writers) == (1, 2)
        assert [await box.take() for _ in range(3)] == [1, 2, 3]


async def test_several_readers_share_the_letters_and_all_end_when_it_is_closed():
    box: Mailbox[int] = Mailbox(2)
    taken: list[int] = []

    async def read() -> None:
        async for letter in box:
            taken.append(letter)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(read())
        for letter in range(20):
            await box.put(letter)
        box.close()
    assert sorted(taken) == list(range(20))


async def test_a_closed_box_takes_no_letter_and_wakes_who_waits_to_leave_one():
    box: Mailbox[int] = Mailbox(1)
    await box.put(1)
    waiting = asyncio.get_running_loop().create_task(box.put(2))
    await settle()
    box.close()
    with pytest.raises(anyio.ClosedResourceError):
        await waiting
    assert await box.take() == 1
    with pytest.raises(anyio.EndOfStream):
        await box.take()


@pytest.mark.parametrize("called_first", [False, True])
async def test_a_reader_that_is_cancelled_takes_no_letter_with_it(called_first):
    box: Mailbox[int] = Mailbox(1)
    first, second = (asyncio.get_running_loop().create_task(box.take()) for _ in range(2))
    await settle()
    if called_first:
        await box.put(1)
        first.cancel()
    else:
        first.cancel()
        await settle()
        await box.put(1)
    async with asyncio.timeout(5):
        assert await second == 1
    assert first.cancelled()
    assert box.statistics() == MailboxStatistics(letters=0, readers=0, writers=0)


async def test_a_writer_that_is_cancelled_leaves_its_room_to_the_next():
    box: Mailbox[int] = Mailbox(1)
    await box.put(1)
    first, second = (asyncio.get_running_loop().create_task(box.put(letter)) for letter in (2, 3))
    await settle()
    assert await box.take() == 1
    first.cancel()
    async with asyncio.timeout(5):
        await second
        assert await box.take() == 3


async def test_closing_after_a_cancellation_calls_nobody_twice():
    box: Mailbox[int] = Mailbox(1)
    reader = asyncio.get_running_loop().create_task(box.take())
    await settle()
    reader.cancel()
    box.close()
    with pytest.raises(asyncio.CancelledError):
        await reader
