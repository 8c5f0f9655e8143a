"""Records that outlive the process: calls, notifications and timelines, in SQLite."""
