"""The registered MLflow model, as code: it loads a released folder and never unpickles anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel

from riskmodel.scoring.predict import predict, scorer_of
from riskmodel.scoring.release import load_release


class RegisteredModel(PythonModel):  # type: ignore[misc]
    """Model that gives chances, expected change, interval and drivers instead of LightGBM's bare output."""

    def load_context(self, context: Any) -> None:
        """Load the released folder that was logged with the model, and compile its trees once."""
        self.release = load_release(Path(context.artifacts["release"]))
        self.scorer = scorer_of(self.release)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """See :func:`riskmodel.scoring.predict.predict`."""
        return predict(self.release, model_input, self.scorer)


mlflow.models.set_model(RegisteredModel())
