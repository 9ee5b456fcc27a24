"""Clinicians at work: the command by which conversations are scored, and what was scored is brought home."""

from __future__ import annotations

from pathlib import Path

from engine.commands import Count, Flag, Told, Whole
from engine.errors import BadOption


def annotate(
    run: Path,
    *,
    annotator: str | None = None,
    sample: Count = None,
    double: float | None = None,
    adjudicate: Flag = False,
    with_scripts: Flag = False,
    with_excluded: Flag = False,
    host: str = "127.0.0.1",
    port: Whole = 8092,
    new_links: Flag = False,
    pack: Path | None = None,
    with_restricted: Flag = False,
    take: Path | None = None,
    export: Flag = False,
    out: Path | None = None,
) -> Told:
    """Let clinicians score conversations of a run, blinded: a page with the case, the rubric and no model's name.

    Parameters
    ----------
    run
        The run folder; what is scored goes into its annotations folder.
    annotator
        Who scores: a name, or several separated by commas; each gets a link of their own.
    sample
        How many conversations, 60 when left out; drawn at the first use, by score, disagreement, model, urgency,
        photograph and skin tone, the same for everybody.
    double
        Share of them that two annotators score, 0 to 1, dealt to those named; all score all when left out.
    adjudicate
        Show what annotators disagree about, by two points or on a cap, and record a third, final judgement.
    with_scripts
        Let conversations with scripts be drawn too.
    with_excluded
        Let those of excluded scenarios be drawn too.
    host
        Address to listen on; 0.0.0.0 lets others in, by their links.
    port
        Port to listen on; 0 takes any that is free.
    new_links
        Make all earlier links of these annotators void.
    pack
        Instead of serving: write the page into this new folder, to be opened from disk; for several, one in each.
    with_restricted
        Take photographs into the pack whose licence forbids passing them on; you answer for that.
    take
        Take in the file that a pack's page saved.
    export
        Write what was scored as a table for calibrate and agreement, and say how far annotators agree.
    out
        Where the table goes; annotations/annotations.csv in the run folder when left out.
    """
    from engine import annotation
    from engine.console.outlet import emit

    asked = [name for name, wish in (("--pack", pack), ("--take", take), ("--export", export)) if wish]
    if len(asked) > 1:
        raise BadOption(f"{' and '.join(asked)} are different things: give them one after the other.")
    if export:
        return Told(pieces=(annotation.export(run, out),))
    if take:
        return Told(pieces=(annotation.take(run, take),))
    names = annotation.read_names(annotator or "")
    sheet = annotation.SheetWish(
        sample=sample, double=double, annotators=names, scripts=with_scripts, excluded=with_excluded
    )
    address = annotation.Address(host=host, port=port)
    wish = annotation.PageWish(sheet=sheet, adjudicate=adjudicate, address=address, new_links=new_links)
    if pack:
        return Told(pieces=(annotation.pack(run, wish, pack, restricted=with_restricted),))
    return Told(pieces=(annotation.serve(run, wish, emit),))
