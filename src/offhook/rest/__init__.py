"""HTTP in: the 2010-04-01 API."""
