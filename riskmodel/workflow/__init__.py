"""One module a command: what the program, the service and ``riskmodel.*`` call."""
