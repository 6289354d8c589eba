"""Unwrap text that is signed with OpenPGP in the text itself (RFC 9580, section 7)."""

from __future__ import annotations

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE, _END = "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
ENCRYPTED = "-----BEGIN PGP MESSAGE-----"


def without_armor(text: str) -> str:
    """Return a text without the lines that OpenPGP has put around it. Others are returned as they are."""
    if _SIGNED not in text or _SIGNATURE not in text:
        return text
    kept, state = [], ""
    for line in text.split("\n"):
        said = line.strip()
        if said == _SIGNED:
            state = "headers"
        elif state == "headers":
            state = "signed" if not said else state
        elif said == _SIGNATURE:
            state = "signature"
        elif state == "signature":
            state = "" if said == _END else state
        else:
            kept.append(
                line[2:] if state == "signed" and line.startswith("- ") and line[2:3] == "-" else line
            )
    return "\n".join(kept)
