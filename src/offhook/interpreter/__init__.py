"""Runs TwiML documents on a call, one module for each verb family."""
