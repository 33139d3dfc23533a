"""Good files of what users write and hand in: local tables, experiments, surveys, tables to score, models."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .edits import Files
from .seeds import ROOT, Rows, joined, one, text, workbook

# --- What users write -----------------------------------------------------------------------------------------

_LOCAL = text(
    "Wijkcode;Wijknaam;Jaar;Aantal;Cijfer",
    "WK098302;Noord;2022;27;7,5",
    "WK098301;Midden;2021;412;6,4",
    "WK098301;Midden;2022;455;.",
)
_SAID = 'label_nl = "meldingen"\ndriver = "onv"\ndirection = "bad"\n'
_MAPPING = (
    'slug = "venlo"\nlabel = "Meldingen (gemeente Venlo)"\n{}'
    '[areas]\ncolumn = "Wijkcode"\nlevel = "wijk"\nboundaries = 2022\nname = "Wijknaam"\n'
    '[years]\ncolumn = "Jaar"\npublished_after_months = 3\n'
    f'[indicators.aantal]\ncolumn = "Aantal"\nkind = "extensive"\n{_SAID}'
    f'[indicators.cijfer]\ncolumn = "Cijfer"\nkind = "intensive"\nlowest = 0\nhighest = 10\n{_SAID}'
)
_SEPARATED = _MAPPING.format('[file]\nseparator = ";"\ndecimal = ","\nmissing = ["."]\n')
_BY_YEAR = (
    'slug = "mutatie"\nlabel = "Mutatie"\n[file]\nheader_row = 2\n[areas]\ncolumn = "buurtcode"\nlevel = "buurt"\n'
    'boundaries = 2023\n[years]\ncovers = "whole year"\npublished = { 2021 = 2022-03-01, 2022 = 2023-03-15 }\n'
    f'[indicators.graad]\ncolumns = {{ 2021 = "2021", 2022 = "in 2022" }}\nkind = "intensive"\nunit = "%"\n{_SAID}'
)
_LOCAL_ROWS: Rows = [
    ["Wijkcode", "Wijknaam", "Jaar", "Aantal", "Cijfer"],
    ["WK098302", "Noord", 2022, 27, 7.5],
    ["WK098301", "Midden", 2021, 412, None],
]


@cache
def local_text() -> list[Files]:
    return [{"meldingen.csv": _LOCAL.encode(), "mapping.toml": _SEPARATED.encode()}]


@cache
def local_workbook() -> list[Files]:
    by_year: Rows = [["Titel", None, None], ["buurtcode", 2021, "in 2022"], ["BU09830101", 12.5, 13]]
    return [
        {"meldingen.xlsx": workbook(_LOCAL_ROWS), "mapping.toml": _MAPPING.format("").encode()},
        {"mutatie.xlsx": workbook(by_year), "mapping.toml": _BY_YEAR.encode()},
    ]


@cache
def local_parquet() -> list[Files]:
    columns = {str(name): [row[place] for row in _LOCAL_ROWS[1:]] for place, name in enumerate(_LOCAL_ROWS[0])}
    memory = io.BytesIO()
    pq.write_table(pa.table(columns), memory)
    return [{"meldingen.parquet": memory.getvalue(), "mapping.toml": _MAPPING.format("").encode()}]


@cache
def local_files() -> list[Files]:
    return [
        *(one("meldingen.csv", each["meldingen.csv"]) for each in local_text()),
        *({name: data for name, data in each.items() if name.endswith(".xlsx")} for each in local_workbook()),
    ]


@cache
def experiment() -> list[Files]:
    return [one(path.name, path.read_bytes()) for path in sorted((ROOT / "experiments").glob("*.yaml"))]


@cache
def survey() -> list[Files]:
    return [
        one("bewoners.csv", text("code,respondents,saw_decline_number,saw_progress_number", "WK098301,40,12,3")),
        one(
            "corporaties.csv",
            text("group,respondents,saw_decline_percent,saw_progress_percent,population", "Noord,40,50,9.5,900"),
        ),
    ]


@cache
def instrument() -> list[Files]:
    rows = [
        *("3.0,onv,,0.01,,", "3.0,onv,police_burglary,-0.02,per_1000,4.5", "3.0,soc,,0.02,,"),
        *(
            "3.0,soc,owner_occupied,0.001,none,2016:58.0 2022:60",
            "3.0,won,,0,,",
            "3.0,fys,,0,,",
            "3.0,vrz,,-0.05,,",
        ),
    ]
    said = (
        'name = "mine"\nedition = "3.0"\napproximation = true\nwithin = 1\nabout = "x"\n'
        "[intercept]\nonv = 0.01\nsoc = 0.02\nwon = 0\nfys = 0\nvrz = -0.05\n"
        '[[term]]\ndimension = "onv"\nindicator = "police_burglary"\nweight = -0.02\ntransform = "per_1000"\n'
        'centre = 4.5\n[[term]]\ndimension = "soc"\nindicator = "owner_occupied"\nweight = 0.001\n'
        "centre = { 2016 = 58.0, 2022 = 60 }\n"
    )
    heading = "edition,dimension,indicator,weight,transform,centre"
    return [one("gewichten.csv", text(heading, *rows)), one("gewichten.toml", said)]


@cache
def group() -> list[Files]:
    said = 'name = "mijn"\ntitle_nl = "Mijn groep"\nsource = "x"\nmembers = ["GM0344", "WK051834"]\n'
    return [one("groep.csv", text("code;name", "GM0344;Utrecht", "WK051834;Zuid")), one("groep.toml", said)]


@cache
def visits() -> list[Files]:
    heading = ["code", "bezocht_op", "gevonden", "gedaan", "door"]
    rows = [["WK900100", "2022-07-01", "achteruitgang", "buurtteam gestart", "wijkteam"]]
    rows += [["WK900101", "02-07-2022", "geen achteruitgang", "", "gemeente"]]
    return [
        one("bezoeken.csv", joined([heading, *rows], ";")),
        one("bezoeken.xlsx", workbook([heading, *rows])),
    ]


# --- Scoring and models ---------------------------------------------------------------------------------------


@cache
def scoring_text() -> list[Files]:
    rows = ("WK001400,0.1,-0.05,1e-3", '"WK0014,01",-0.2,,NA', "WK001402,.5,inf,3")
    return [
        one("cells.csv", text("location,deviation,history.level,size.spread", *rows)),
        one("cells.csv", text("location;deviation;history.level;size.spread", "WK001400;0,1;-0,05;3")),
    ]


@cache
def scoring_parquet() -> list[Files]:
    columns = {"location": ["WK001400", "WK001401"], "deviation": [0.1, None], "history.level": [1, 2]}
    memory = io.BytesIO()
    pq.write_table(pa.table({**columns, "size.spread": pa.array([0.5, 0.25], pa.float32())}), memory)
    return [one("cells.parquet", memory.getvalue())]


@cache
def uploads() -> list[Files]:
    return [*scoring_text(), *scoring_parquet()]


def _released() -> tuple[Path, Files]:
    """The released model for two years, without its card."""
    [folder] = (ROOT / "models" / "decline-2y").iterdir()
    kept = ("release.json", "model.json", "experiment.yaml")
    return folder, {name: (folder / name).read_bytes() for name in kept}


def grown_trees(categories: bool) -> str:
    """LightGBM's text of four small trees on the features of the released model."""
    import lightgbm

    _, files = _released()
    names = json.loads(files["model.json"])["features"]
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, len(names)))
    if categories:
        values[:, 0] = rng.integers(0, 40, 300)
    target = values[:, 1] + (values[:, 0].astype(int) % 3) + rng.normal(size=300)
    data = lightgbm.Dataset(
        values, target, feature_name=names, categorical_feature=[0] if categories else [], params={"verbosity": -1}
    )
    settings = {"objective": "regression", "num_leaves": 5, "min_data_in_leaf": 10, "verbosity": -1}
    settings |= {"num_threads": 1, "deterministic": True, "min_data_per_group": 5, "cat_smooth": 1.0}
    return str(lightgbm.train(settings, data, num_boost_round=4).model_to_string())


@cache
def model() -> list[Files]:
    folder, files = _released()
    import lightgbm

    shortened = lightgbm.Booster(model_file=folder / "trees.txt").model_to_string(num_iteration=4)
    return [{**files, "trees.txt": shortened.encode()}, {**files, "trees.txt": grown_trees(False).encode()}]


@cache
def trees() -> list[Files]:
    """The same folders, of which only the trees are spoiled: the others stand beside them as constants."""
    texts = [*(each["trees.txt"] for each in model()), grown_trees(True).encode()]
    return [one("trees.txt", each) for each in texts]


@cache
def list_record() -> list[Files]:
    from .fixed import record

    made = record()
    about = {**asdict(made), "areas": made.areas.to_dict(orient="records"), "made_on": str(made.made_on)}
    return [one(f"{made.id}.json", json.dumps(about))]
