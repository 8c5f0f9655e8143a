"""<Gather>: the verb, the caller's turn, and the ear for speech."""
