"""HTTP to the customer's application: documents, sounds and status callbacks (contract 1 §7)."""
