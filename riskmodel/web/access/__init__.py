"""Who may ask what: identity, tokens, rate limits, response headers."""
