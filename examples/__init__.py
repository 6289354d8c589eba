"""Packages that show how to add a feature: docs/adding-a-feature.md."""
