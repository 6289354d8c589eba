"""Measurements of wellchat against a limit taken in the same run. Nothing here is a test of a time."""
