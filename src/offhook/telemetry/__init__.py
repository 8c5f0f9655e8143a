"""The timeline of a call and its readings: logs, ladder, metrics."""
