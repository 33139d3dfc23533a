"""Print the points card of a question: trained at the latest wave, fit for pencil and paper.

python experiments/points_card.py WORKSPACE experiments/decline-2y.yaml
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.features import training_of
from riskmodel.forecasting.models.points import Points
from riskmodel.forecasting.origins import latest_origin
from riskmodel.workspace.store import Workspace


def main() -> None:
    """Train and print."""
    panel, question = Workspace(sys.argv[1]).panel(), load_experiment(Path(sys.argv[2]))
    training = training_of(panel, latest_origin(panel, question.horizon))
    print(Points().fit(training, np.array(question.outputs.thresholds)).card().as_markdown())


if __name__ == "__main__":
    main()
