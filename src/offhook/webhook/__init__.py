"""HTTP out: documents, action requests and status callbacks to the customer's application."""
