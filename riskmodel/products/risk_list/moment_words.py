"""Which measurement a list speaks about, how far it lies from today, and what to mind, as sentences."""

from __future__ import annotations

from riskmodel.forecasting.moment import Moment
from riskmodel.products.risk_list.texts import Sentence

#: From so many months on, a distance is told in years.
YEARS_FROM = 24


def moment_sentences(moment: Moment | None) -> tuple[Sentence, ...]:
    """Return which measurement a list speaks about, and how far it lies from today; nothing without one."""
    if moment is None:
        return ()
    about = Sentence("moment_about", {"target": moment.target_date.isoformat()})
    return about, Sentence(*_distance(moment))


def moment_warnings(moment: Moment | None) -> tuple[Sentence, ...]:
    """Return the warnings of the bar: the moment has passed, or a newer wave is out; often none."""
    if moment is None:
        return ()
    warnings = []
    if moment.passed:
        warnings.append(Sentence("moment_passed", {"target": moment.target_date.isoformat()}))
    if moment.newer_wave is not None:
        values = {"newer": f"{moment.newer_wave}-01-01", "own": f"{moment.origin_wave}-01-01"}
        warnings.append(Sentence("moment_newer", values))
    return tuple(warnings)


def _distance(moment: Moment) -> tuple[str, dict[str, int]]:
    way = "ago" if moment.passed else "ahead"
    if moment.months >= YEARS_FROM:
        return f"moment_years_{way}", {"n": moment.months // 12}
    return (f"moment_months_{way}", {"n": moment.months}) if moment.months else (f"moment_now_{way}", {})
