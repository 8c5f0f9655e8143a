"""<Start>, <Stop> and <Connect>: what is done with the call's sound beside its documents."""
