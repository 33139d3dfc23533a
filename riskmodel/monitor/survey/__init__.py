"""Survey answers of residents and professionals, compared with the measured development."""
