"""The INVITE session, one module for each thing that SIP does to it."""
