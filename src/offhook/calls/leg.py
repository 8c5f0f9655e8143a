"""One INVITE session and one media port."""
