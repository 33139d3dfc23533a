"""Published figures and statements, compared with those computed here."""
