"""The future: origins, targets, features, models, backtest and metrics."""
