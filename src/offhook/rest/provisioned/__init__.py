"""What accounts set up through the API: numbers, applications, keys, SIP Domains. One set of routes for all."""
