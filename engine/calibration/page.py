"""A calibration as text, 80 columns wide.

For each dimension first what was found in sentences, then before beside after, the human ceiling, the panel, the
models and the strata that stand out; each number with its n. Nothing here computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.calibration.account import say_annotations, say_verdicts
from engine.calibration.source import JurySource
from engine.console.clean import flatten
from engine.prose import WIDTH, chance, figure, short, wrap
from rubrics.calibration.annotations import Annotations
from rubrics.calibration.beside import SIDES, SideBySide
from rubrics.calibration.calibrate import ENOUGH, Calibrated, DimensionReport
from rubrics.calibration.ceiling import Concord
from rubrics.calibration.correct import FEWEST_CASES
from rubrics.calibration.gain import JuryGain
from rubrics.numbers.values import Estimate

LEVEL = 0.05
UNLIKELY = 0.01
MOST_STRATA = 8
SIMULATED = "SIMULATED: invented minds answered. These numbers say nothing about a real jury."
BEFORE = (
    "Differences are the jury's score less the clinicians' mean, in points from 1 to 5; brackets hold 95%."
)
NAMES = {"bias": "bias", "mae": "mean error", "rmse": "root mean square error"}


def write_page(
    source: JurySource,
    annotations: Annotations,
    reports: Sequence[DimensionReport],
    *,
    file: str,
    beside: tuple[str, Sequence[SideBySide]],
) -> str:
    """Write the page on the annotations in `file`; `beside` names the second jury, "" for none."""
    lines = [f"Calibration of {flatten(source.name)} to {flatten(file)}"]
    if source.simulated:
        lines.append(SIMULATED)
    lines += ["", *say_verdicts(source), *say_annotations(annotations), "", *wrap(BEFORE)]
    for report in reports:
        lines += ["", *_dimension(source, report)]
    if beside[0]:
        lines += ["", *_beside(*beside)]
    if any(report.found for report in reports):
        lines += ["", *_advice()]
    return "\n".join(line.rstrip() for line in lines)


def _dimension(source: JurySource, report: DimensionReport) -> Iterator[str]:
    title = f"{flatten(report.dimension)}: {report.labelled:,} labelled conversations, {report.cases:,} cases"
    yield title
    yield "-" * min(len(title), WIDTH)
    if report.unjudged:
        yield from wrap(
            f"{report.unjudged:,} more labelled conversations have no vote of the jury that counts."
        )
    if report.found is None:
        yield from wrap(f"Not calibrated: {report.refused}.")
        return
    found = report.found
    if report.thin:
        yield from wrap(
            f"Warning: under {ENOUGH} labelled conversations the map is rough; read it with its intervals."
        )
    yield from _headline(found)
    if found.chosen is not None and found.chosen < UNLIKELY:
        yield from wrap(
            f"Warning: the jury scores the labelled conversations unlike the others of the same models "
            f"({chance(found.chosen)}). If they were not chosen by chance, the corrected means below are not right."
        )
    yield ""
    yield from _distances(found)
    yield from _ceiling(found.concords)
    yield from _gain(found.gain)
    yield from _models(source, found)
    yield from _strata(found)


def _headline(found: Calibrated) -> Iterator[str]:
    """Say in sentences what was found."""
    raw, after = found.correction.raw, found.correction.calibrated
    bias = raw.bias
    way = "more" if (bias.value or 0) > 0 else "less"
    said = f"The jury gives {abs(bias.value or 0):.2f} points {way} than clinicians do{_signed(bias)}"
    if bias.low is not None and bias.high is not None and bias.low <= 0 <= bias.high:
        said = f"The jury gives on the whole what clinicians give: {bias.value:+.2f} points{_signed(bias)}"
    yield from wrap(
        f"{said}. Calibrated, and each case by what other cases teach, the mean error goes from "
        f"{raw.mae.value:.2f} to {after.mae.value:.2f} points (n {raw.mae.basis.n:,})."
    )
    if (after.rmse.value or 0) >= (raw.rmse.value or 0):
        yield from wrap("The map brings scores no nearer to the clinicians': stay with the raw ones.")


def _distances(found: Calibrated) -> Iterator[str]:
    raw, after = found.correction.raw, found.correction.calibrated
    n = raw.bias.basis.n
    yield f"{'':26}{'before':>22}{'after':>22}{'n':>8}"
    for measure, name in NAMES.items():
        cells = (_cell(getattr(side, measure)) for side in (raw, after))
        yield f"  {name:24}{''.join(f'{cell:>22}' for cell in cells)}{n:>8,}"
    limits = (f"{side.low_limit:+.2f} to {side.high_limit:+.2f}" for side in (raw, after))
    yield f"  {'limits of agreement':24}{''.join(f'{cell:>22}' for cell in limits)}{n:>8,}"
    ranks = (figure(side.rank) for side in (raw, after))
    title = f"order of {raw.models:,} model means"
    yield f"  {title:24}{''.join(f'{cell:>22}' for cell in ranks)}{n:>8,}"
    for kind, title in (("credit", "false credit"), ("blame", "false blame")):
        pair = [rate for rate in found.rates if rate.kind == kind]
        cells = ("–" if rate.rate is None else f"{rate.hits}, under {rate.upper:.0%}" for rate in pair)
        yield f"  {title:24}{''.join(f'{cell:>22}' for cell in cells)}{pair[0].n:>8,}"
    yield from wrap(
        "order: Spearman's correlation. false credit: the jury says 4 or more where clinicians say 2 or less, with "
        "its one-sided 95% bound; false blame: the other way round.",
        "  ",
        2,
    )


def _ceiling(concords: Sequence[Concord]) -> Iterator[str]:
    if not concords:
        return
    yield ""
    yield f"{'As good as another clinician?':44}{'kappa, 95%':>20}{'alpha':>8}{'n':>8}"
    for one in concords:
        name = f"{one.who}, {one.whom}" + (" *" if one.human else "")
        yield f"  {name:42}{_cell(one.kappa):>20}{figure(one.alpha.value):>8}{one.kappa.basis.n:>8,}"
    if not any(one.human for one in concords):
        yield from wrap(
            "No conversation was scored by two clinicians, so nobody knows how far they agree: have some "
            "scored twice.",
            "  ",
            2,
        )
        return
    yield from wrap(
        "kappa: quadratic-weighted; alpha: Krippendorff's, interval. * clinicians among themselves: the ceiling "
        "at that level; the others are the other clinicians.",
        "  ",
        2,
    )
    for one in concords:
        if one.short and one.short.value is not None:
            yield from wrap(
                f"{one.who} less that ceiling: kappa {one.short.value:+.2f}{_signed(one.short)}.", "  ", 2
            )


def _gain(gain: JuryGain) -> Iterator[str]:
    if gain.reliability is None:
        return
    said = f"Two jurors' votes correlate at {gain.reliability:.2f} (n {gain.shared:,})"
    if gain.sizes:
        sizes = ", ".join(f"{value:.2f} for {k}" for k, value in gain.sizes.items() if k > 1)
        said += f"; the mean of several would be reliable to {sizes} of them"
    said += "."
    if gain.together is not None and gain.effective is not None:
        ends = "" if gain.together_low is None else f" [{gain.together_low:.2f}, {gain.together_high:.2f}]"
        said += (
            f" Their errors correlate at {gain.together:.2f}{ends}, so {gain.jurors} jurors do the work of "
            f"{gain.effective:.1f} independent ones."
        )
        if not gain.noise_known:
            said += " The clinicians' own noise is in this, since none was scored twice."
    else:
        said += (
            " Their errors are within the clinicians' own noise, so how far they go together is not known."
        )
    said += f" In {gain.faults:,} of {gain.shared:,} two jurors or more are over a point off."
    yield ""
    yield from wrap(said)


def _models(source: JurySource, found: Calibrated) -> Iterator[str]:
    yield ""
    yield f"{'Models, best corrected first':28}{'jury':>6}{'calib.':>8}{'clinicians':>12}{'n':>5}{'corrected':>20}"
    means = sorted(found.correction.means, key=lambda one: -(one.corrected.value or -1.0))
    for one in means:
        name = short(source.titles.get(one.model, one.model), 26)
        label = figure(one.clinicians.value)
        yield (
            f"  {name:26}{figure(one.jury.value):>6}{figure(one.calibrated.value):>8}{label:>12}"
            f"{one.clinicians.basis.n:>5,}{_cell(one.corrected):>20}"
        )
    yield from wrap(
        f"calib.: the map over all its conversations. clinicians: n labelled ones alone. corrected: both "
        f"together, the jury trusted at λ = {found.correction.trust:.2f}; right whatever the jury's faults if "
        f"conversations were labelled by chance; – under {FEWEST_CASES} labelled cases.",
        "  ",
        2,
    )


def _strata(found: Calibrated) -> Iterator[str]:
    if not found.biases:
        return
    odd = [one for one in found.biases if one.adjusted is not None and one.adjusted < LEVEL]
    odd.sort(key=lambda one: one.adjusted or 0.0)
    yield ""
    if not odd:
        yield from wrap(
            f"No stratum of {len(found.biases)} levels stands out after calibration (Benjamini-Hochberg p < {LEVEL})."
        )
        return
    yield f"{'Strata where bias differs after it':34}{'before':>18}{'after':>18}{'n':>5}"
    for one in odd[:MOST_STRATA]:
        name = short(f"{one.stratum}: {one.level}", 32)
        yield f"  {name:32}{_cell(one.raw):>18}{_cell(one.calibrated):>18}{one.raw.basis.n:>5,}"
    if len(odd) > MOST_STRATA:
        yield f"  and {len(odd) - MOST_STRATA} more, see calibration.json"


def _beside(name: str, rows: Sequence[SideBySide]) -> Iterator[str]:
    yield f"Beside {flatten(name)} (the second), on the same labelled conversations"
    for one in rows:
        if one.refused:
            yield from wrap(f"{flatten(one.dimension)}: not compared: {one.refused}.", "  ", 4)
            continue
        errors = [one.errors[side].value or 0.0 for side in SIDES]
        for scale, (first, second), gap, p in (
            ("raw", errors[:2], one.raw, one.raw_p),
            ("calibrated", errors[2:], one.calibrated, one.calibrated_p),
        ):
            assert gap
            told = "" if p is None else f" ({chance(p)})"
            yield from wrap(
                f"{flatten(one.dimension)}, {scale}: mean error {first:.2f}, the second's {second:.2f}; difference "
                f"{gap.value:+.2f}{_signed(gap)}{told} (n {one.n:,}).",
                "  ",
                4,
            )


def _advice() -> Iterator[str]:
    yield from wrap(
        "A calibration holds for this rubric, this jury and conversations like these. It is no proof of safety: "
        "clinicians' means are opinions too."
    )


def _cell(one: Estimate) -> str:
    """Give a value with its interval."""
    if one.value is None:
        return "–"
    ends = "" if one.low is None else f" [{figure(one.low)}, {figure(one.high)}]"
    return f"{figure(one.value)}{ends}"


def _signed(one: Estimate) -> str:
    """Give the interval of a difference behind a space; nothing without one."""
    return f" [{one.low:+.2f}, {one.high:+.2f}]" if one.low is not None else ""
