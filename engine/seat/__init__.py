"""The seat: a person plays a part, in the console or on a page, and is recorded and judged like any model.

    sitting.py    what they have before them, and how their answer gets where a model's goes
    way.py        the Ask with a person at its end
    words.py      what they wrote, made into an answer, or refused in a sentence
    choosing.py   which scenarios
    opening.py    from what the user wants to a run folder that can be played, or gone on with
    terminal.py   the seat in the console; lines.py: stdin
    booth.py      the seat on a page; its page, script and style are in pages/
    playing.py    a whole sitting, to its exit status

The one idea: a person is one more `Ask`. Behind the recorder and the tape nobody can tell them from a model, so the
journal, going on, replay, verification, judging anew, report and annotation need to know nothing of them, and the
jury never learns who spoke. Nothing here knows how a conversation is kept or a vote counted.
"""
