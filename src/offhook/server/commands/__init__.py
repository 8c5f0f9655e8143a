"""The commands of the program, one module each; server.cli puts them together."""
