"""What every test in a real browser shares."""

from playwright.sync_api import expect

# A busy machine may take seconds over one page; how long it takes is for the benches to say.
expect.set_options(timeout=20_000)
