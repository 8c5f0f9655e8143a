"""The nouns every layer shares: SIDs, call records, statuses, error codes, signatures."""
