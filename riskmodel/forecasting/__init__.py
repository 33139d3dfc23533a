"""Forecasts in numbers: origins, targets, features, models, backtest and metrics."""
