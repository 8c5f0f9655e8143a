"""<Dial>: nouns to targets, the order, and what the action request tells (contract 1 §3, §4)."""
