"""The service: pages and an API over the same public calls as the command line; it holds no forecasting logic."""
