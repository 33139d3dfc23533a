"""From a distribution of the change to a forecast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import ClassScheme
from riskmodel.forecasting.curve import Outputs
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import FloatArray


def forecast_from(
    model: str,
    origin: Origin,
    outputs: Outputs,
    locations: npt.NDArray[np.str_],
    deviation: FloatArray,
    scheme: ClassScheme,
    distribution: ChangeDistribution,
) -> Forecast:
    """Read a forecast off a distribution: quantiles, thresholds and classes cannot contradict each other."""
    below = distribution.cdf(scheme.cuts[None, :] - deviation[:, None])
    edges = np.column_stack([np.zeros(len(below)), below, np.ones(len(below))])
    thresholds = np.broadcast_to(np.array(outputs.thresholds), (len(locations), len(outputs.thresholds)))
    return Forecast(
        model=model,
        origin_date=origin.origin_date,
        known_at=origin.known_at,
        horizon=origin.horizon,
        outputs=outputs,
        locations=locations,
        mean=distribution.mean(),
        quantiles=distribution.quantiles(np.array(outputs.quantiles)),
        cdf=distribution.cdf(thresholds),
        pmf=np.diff(edges, axis=1),
    )
