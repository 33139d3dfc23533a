"""The models that come along: whole, readable without unpickling, and each with its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_dutch import lengths

from riskmodel.forecasting.features import Features
from riskmodel.products.governance.register_entry import entry_of, read_entry
from riskmodel.scoring.release import load_release

MODELS = Path(__file__).parents[1] / "models"


@pytest.mark.parametrize(("name", "horizon"), [("decline-2y", 2), ("decline-4y", 4)])
def test_a_released_model_answers(name: str, horizon: int) -> None:
    [folder] = [path for path in (MODELS / name).iterdir() if path.is_dir()]
    release = load_release(folder)
    assert release.experiment.name == name
    assert release.experiment.horizon == horizon
    assert (release.level, release.wave) == ("wijk", 2020)
    assert {path.suffix for path in folder.iterdir()} <= {".txt", ".json", ".yaml", ".md", ".png", ".csv"}
    names = release.model.names
    assert not [each for each in names if "background" in each or "origin" in each]
    # An ordinary area, and one that has just risen far above its own mean: that one falls back.
    rows = np.zeros((2, len(names)))
    rows[:, names.index("size.spread")] = np.log(0.03)
    rows[1, [names.index("history.above_own_mean"), names.index("history.change_last")]] = 0.15
    rows[1, names.index("history.reversal")] = -0.08
    distribution = release.model.distribution(Features(names, rows))
    chance = distribution.cdf(np.full((2, 1), -0.05))[:, 0]
    assert 0 < chance[0] < chance[1] < 1
    assert chance[1] > 2 * chance[0]
    card = (folder / "model_card.md").read_text(encoding="utf-8")
    assert "Model card" in card
    assert json.loads((folder / "model_card.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["decline-2y", "decline-4y"])
def test_a_released_model_has_its_papers_and_is_what_its_name_says(name: str) -> None:
    [folder] = [path for path in (MODELS / name).iterdir() if path.is_dir()]
    entry = entry_of(read_entry(folder / "register_entry.json"))
    open_fields = {field.standard.key for field in entry.missing}
    assert open_fields == {"organization", "status", "contact_email", "publication_category"}
    assert {problem.key for problem in entry.problems} == open_fields
    assert folder.name in entry.values["methods_and_models"]
    document = (folder / "iama.md").read_text(encoding="utf-8")
    assert folder.name in document and document.count("- [ ] ") >= 35 and "- [x]" not in document
    assert max(lengths(document)) <= 22 and np.mean(lengths(document)) <= 11
    audited = pd.read_csv(folder / "model_card_audit.csv")
    assert set(audited["attribute"]) == {"urbanity", "size", "level", "income"}
    assert "### What stands out" in (folder / "model_card.md").read_text(encoding="utf-8")
    # The ending of the name is the fingerprint of the model itself and of its input files.
    about = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    own = {key: about["sha256"][key] for key in ("experiment.yaml", "model.json", "trees.txt")}
    digest = hashlib.sha256(json.dumps([own, about["files"]]).encode()).hexdigest()[:10]
    assert folder.name.endswith(f"-{digest}")
