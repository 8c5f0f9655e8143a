"""Measures what offhook costs beside the peers it is compared with; run as `python -m bench`."""
