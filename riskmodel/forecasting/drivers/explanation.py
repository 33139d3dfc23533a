"""Everything behind the contributions of a forecast, made once when the forecast is made."""

from __future__ import annotations

import numpy as np

from riskmodel.forecasting.drivers.stability import Explained, stability_of
from riskmodel.forecasting.features import Features, training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.forecast_store import Explanation
from riskmodel.forecasting.origins import origin_at
from riskmodel.panel.panel import FloatArray, Panel


def explanation_of(
    model: object, panel: Panel, trained_at: int, forecast: Forecast, features: Features, contributions: FloatArray
) -> Explanation:
    """Features, contributions and their stability, to be stored with a forecast."""
    if not isinstance(model, Explained):
        return Explanation(features, contributions)
    training = training_of(panel, origin_at(panel, trained_at, forecast.horizon))
    thresholds = np.array(forecast.outputs.thresholds)
    return Explanation(
        features, contributions, stability_of(model, training, features, forecast.locations, thresholds)
    )
