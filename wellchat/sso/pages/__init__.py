"""Pages of sign-on: the host's door, the providers', and the arrival that both lead to."""
