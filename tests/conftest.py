"""What every test run is given: no event loop left over, and hypothesis without a deadline of its own."""

import asyncio

import hypothesis


def pytest_configure() -> None:
    """Set up once, before the first test is collected."""
    # Without a loop set, pytest-asyncio asks the policy for the present one, which makes one that nobody closes.
    asyncio.set_event_loop(None)
    # Tests are not timed (the machine is noisy); a failure prints the blob that replays it.
    hypothesis.settings.register_profile("offhook", deadline=None, print_blob=True)
    hypothesis.settings.load_profile("offhook")
