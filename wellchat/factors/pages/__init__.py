"""Serve the second step of signing in, the settings of factors, and what administrators see of them."""
