"""What a user takes away: the risk list as table, workbook and page."""
