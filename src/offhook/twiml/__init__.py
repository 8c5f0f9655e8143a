"""TwiML documents as values: one schema table, typed verbs and nouns, errors with line and column."""
