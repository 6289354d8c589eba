"""Real browsers on machines that have other things to do."""

from playwright.sync_api import expect

# How long a test looks for what is to come; how soon it has to come is said where that matters.
expect.set_options(timeout=15_000)
