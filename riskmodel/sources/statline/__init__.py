"""Readers of StatLine tables: police, RIVM, SES-WOA, Veiligheidsmonitor, WoON."""
