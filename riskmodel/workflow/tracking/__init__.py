"""MLflow: one store a workspace, one experiment a question, one run a backtest; registered models and aliases."""
