"""The national picture in plain Dutch: figures with their year, edition and level, and their limits."""

from __future__ import annotations

from collections.abc import Mapping

from riskmodel.errors import InputError
from riskmodel.monitor.development import BACK, FORWARD, NOT_KNOWN
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import Groups, class_distribution
from riskmodel.monitor.national_change import crossings, direction_shares, fallers_by_dimension, mean_change
from riskmodel.monitor.transitions import FEWEST, movers
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.national_text_state import state_paragraphs, where_paragraphs
from riskmodel.products.present.national_words import Section, counting
from riskmodel.products.rendering.dutch import areas_word, count_of, listed, share, signed, whole

#: The dimension of nuisance and safety in each edition.
NUISANCE = {"3.0": "onv", "2.0": "lbm2_safety"}
#: Movers that are named.
NAMED = 5


def national_text(
    measured: Measured,
    start: int,
    end: int,
    groups: Groups | None = None,
    noise: Noise | None = None,
    titles: Mapping[str, str] | None = None,
) -> tuple[Section, ...]:
    """Return the sections of the national picture in plain Dutch."""
    where = tuple(where_paragraphs(measured, end, groups or {}, titles or {}))
    return (
        Section("Over dit overzicht", tuple(_about(measured, start, end))),
        Section("Hoe staat Nederland ervoor?", tuple(state_paragraphs(measured, start, end))),
        Section("Waar is de leefbaarheid onvoldoende?", where),
        Section("Wie ging vooruit en wie achteruit?", tuple(_moved(measured, start, end, noise))),
        Section("Daling en overlast", tuple(_nuisance(measured, start, end, noise))),
        Section("Let op", _CAUTIONS),
    )


_CAUTIONS = (
    "De Leefbaarometer is een schatting van een model. Hij laat zien waar u kunt gaan kijken. Hij zegt niet "
    "waardoor iets komt.",
    "De score van een gebied is een gemiddelde. Binnen een gebied kan het per straat verschillen. Hoe het er echt "
    "is, weten de mensen die er wonen en werken.",
)
_NO_NOISE = (
    "Hoeveel de score door toeval schommelt, is hier niet bekend. Daarom zeggen we niet welke veranderingen "
    "duidelijk zijn."
)


def _about(measured: Measured, start: int, end: int) -> list[str]:
    level = measured.level
    table = class_distribution(measured)
    scored = int(table.loc[table["wave"] == end, "areas"].sum())
    has = "heeft" if scored == 1 else "hebben"
    without = table.attrs["not_measured"][end]
    paragraphs = [
        f"Dit overzicht gaat over de leefbaarheid in Nederland volgens de Leefbaarometer {measured.edition}. Het "
        f"vergelijkt de metingen van {start} en {end}.",
        f"De cijfers gaan over {areas_word(level)}. In {end} {has} {count_of(scored, level)} een "
        f"score{f'; {count_of(without, level)} niet' if without else ''}.",
        _counted(measured, start, end),
    ]
    if measured.edition == "3.0":
        paragraphs.append(
            "De Leefbaarometer 3.0 is een ander instrument dan de 2.0. U kunt de cijfers van de twee niet met "
            "elkaar vergelijken."
        )
    return paragraphs


def _counted(measured: Measured, start: int, end: int) -> str:
    years = {wave: measured.counted[wave] for wave in (start, end) if wave in measured.counted}
    missing = [wave for wave in (start, end) if wave not in years]
    unknown = f"Voor {listed(missing)} weten we niet hoeveel mensen er woonden."
    if not years:
        return unknown
    if len(years) == 2 and len(set(years.values())) == 1:
        return f"Als aantal inwoners gebruiken we voor beide jaren dat van {years[end]}."
    text = f"Als aantal inwoners gebruiken we {listed([f'voor {wave} dat van {years[wave]}' for wave in years])}."
    if missing:
        return f"{text} {unknown}"
    return f"{text} Een deel van de verschillen tussen de twee metingen kan daarvan zijn."


def _moved(measured: Measured, start: int, end: int, noise: Noise | None) -> list[str]:
    level = measured.level
    table = direction_shares(measured, start, end, noise).set_index("direction")
    mean, areas = mean_change(measured, start, end)
    counts, shares = table["areas"], table["share_areas"]
    paragraphs = [
        f"De score veranderde tussen {start} en {end} gemiddeld {signed(mean)} punt ({count_of(areas, level)})."
    ]
    if counts[NOT_KNOWN]:
        return [*paragraphs, _NO_NOISE]
    up, down, both = (int(count) for count in (counts[FORWARD], counts[BACK], counts.sum()))
    paragraphs += [
        f"{counting(up, level, 'ging', 'gingen')} duidelijk vooruit ({share(shares[FORWARD], 1)}) en "
        f"{whole(down)} duidelijk achteruit ({share(shares[BACK], 1)}). Dat is van de {count_of(both, level)} met "
        "een score in beide jaren.",
        "Duidelijk betekent: meer dan de score meestal door toeval schommelt. Door toeval alleen zou ongeveer "
        f"{share(table['by_jitter'].iloc[0])} duidelijk vooruit lijken te gaan, en evenveel achteruit.",
    ]
    border = crossings(measured, start, end, noise).set_index("crossing")
    into, out = (int(border["areas"][name]) for name in ("erin", "eruit"))
    clear = border["beyond_noise"]
    paragraphs.append(
        f"{counting(into, level, 'kwam', 'kwamen')} onder de grens van onvoldoende en {whole(out)} "
        f"{'kwam' if out == 1 else 'kwamen'} erboven. Duidelijk was die verandering bij {whole(clear['erin'])} en "
        f"bij {whole(clear['eruit'])}."
    )
    return paragraphs + _named(measured, start, end, noise)


def _named(measured: Measured, start: int, end: int, noise: Noise | None) -> list[str]:
    table = movers(measured, start, end, n=NAMED, noise=noise)
    paragraphs = []
    for mover, words in (("stijger", "De grootste stijgers"), ("daler", "De grootste dalers")):
        rows = table[table["mover"] == mover].to_dict("records")
        names = [f"{_named_area(row['name'], row['municipality'])} ({signed(row['change'])})" for row in rows]
        if names:
            paragraphs.append(f"{words}: {'; '.join(names)}.")
    if paragraphs and measured.level != "gemeente":
        many = areas_word(measured.level)
        paragraphs.append(f"Bij deze namen zijn {many} met minder dan {whole(FEWEST)} inwoners weggelaten.")
    return paragraphs


def _named_area(name: str, town: str) -> str:
    return name if town in ("", name) else f"{name} in {town}"


def _nuisance(measured: Measured, start: int, end: int, noise: Noise | None) -> list[str]:
    many = areas_word(measured.level)
    waves = measured.dimension_waves()
    if not {start, end} <= set(waves):
        known = f"alleen voor {listed(waves)}" if waves else "niet"
        return [f"De dimensies zijn {known} bekend. Voor {start} en {end} kunnen we dit niet laten zien."]
    try:
        table = fallers_by_dimension(measured, start, end, noise).set_index("dimension")
    except InputError:
        return [_NO_NOISE]
    row = table.to_dict("index")[NUISANCE[measured.edition]]
    if not row["of_fallers"]:
        return [f"Geen {areas_word(measured.level, 1)} ging tussen {start} en {end} duidelijk achteruit."]
    chance = row["low95"] <= row["share_all"] <= row["high95"]
    more = "vaker" if row["share_fallers"] > row["share_all"] else "minder vaak"
    return [
        f"{whole(row['of_fallers'])} {many} gingen duidelijk achteruit. Bij {whole(row['fallers'])} daarvan "
        f"daalde de dimensie {row['label']} het meest ({share(row['share_fallers'], 1)}). "
        f"Bij alle {whole(row['of_all'])} {many} samen was dat zo bij {whole(row['all_areas'])} "
        f"({share(row['share_all'], 1)}).",
        "Het verschil tussen die twee is klein genoeg om toeval te kunnen zijn."
        if chance
        else f"In {many} die achteruitgingen, was dit dus {more} de sterkste daler dan in alle {many} samen.",
        "Dat twee dingen samengaan, zegt niet dat het een door het ander komt.",
    ]
