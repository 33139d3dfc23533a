"""The present in words and pictures: sheet, national page, pictures."""
