"""One runner for each verb family; verbs do not know one another."""
