"""The REST API's face: /2010-04-01 as contract 1 §1 has it."""
