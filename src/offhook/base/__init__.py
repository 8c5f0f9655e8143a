"""Small tools that every layer stands on: the table runner, named deadlines, the root error."""
