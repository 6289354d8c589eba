"""Measure wellchat against a reference taken in the same run. Nothing here fails because of a time."""
