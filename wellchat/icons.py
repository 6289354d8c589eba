"""Define the shapes of icons: one stroke, in a box of 20 by 20.

An icon beside a word is decoration; alone in a button, the button has the accessible name. A feature declares
the icons that only it uses (`Feature.icons`).
"""

from __future__ import annotations

CORE_ICONS = {
    "message": '<path d="M17 9.5a6.5 6.5 0 0 1-9.4 5.8L3.5 16.5l1.2-3.7A6.5 6.5 0 1 1 17 9.5Z"/>',
    "back": '<path d="M12 4.5 6.5 10l5.5 5.5"/>',
    "forward": '<path d="m8 4.5 5.5 5.5L8 15.5"/>',
    "down": '<path d="M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5"/>',
    "plus": '<path d="M10 4.5v11M4.5 10h11"/>',
    "pencil": '<path d="M4 16l.8-3.4L13 4.4a1.6 1.6 0 0 1 2.3 0l.3.3a1.6 1.6 0 0 1 0 2.3L7.4 15.2 4 16Z"/>',
    "search": '<circle cx="9" cy="9" r="5"/><path d="m13 13 3.5 3.5"/>',
    "send": '<path d="M10 16V4.5M5 9l5-5 5 5"/>',
    "close": '<path d="m5.5 5.5 9 9M14.5 5.5l-9 9"/>',
    "more": '<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.5"/>',
    "panel": '<rect x="3" y="4" width="14" height="12" rx="2.5"/><path d="M12.5 4v12"/>',
    "smile": (
        '<circle cx="10" cy="10" r="6.75"/>'
        '<path d="M7.25 11.75a3.25 3.25 0 0 0 5.5 0M7.75 8v.01M12.25 8v.01"/>'
    ),
    "archive": (
        '<rect x="3" y="4" width="14" height="3.5" rx="1"/>'
        '<path d="M4.25 7.5v6.5a2 2 0 0 0 2 2h7.5a2 2 0 0 0 2-2V7.5M8.25 10.5h3.5"/>'
    ),
    "person": '<circle cx="10" cy="7" r="3"/><path d="M4 16.5a6 6 0 0 1 12 0"/>',
    "people": (
        '<circle cx="7.5" cy="7" r="2.75"/>'
        '<path d="M2.5 15.5a5 5 0 0 1 10 0M13 4.5a2.75 2.75 0 0 1 0 5M14.5 11.5a5 5 0 0 1 3 4"/>'
    ),
    "settings": (
        '<path d="M3 6h7M14 6h3M3 14h3M10 14h7"/><circle cx="12" cy="6" r="2"/><circle cx="8" cy="14" r="2"/>'
    ),
    "sign-out": '<path d="M8 3.5H6a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h2M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>',
    "info": '<circle cx="10" cy="10" r="6.75"/><path d="M10 9.25v4M10 6.5v.01"/>',
    "warning": '<path d="M10 3.5 17 16H3l7-12.5ZM10 8.5v3.25M10 13.9v.01"/>',
    "check": '<path d="m4.5 10.5 3.5 3.5 7.5-8"/>',
    "mail": '<rect x="3" y="4.5" width="14" height="11" rx="2"/><path d="m3.5 6 6.5 5 6.5-5"/>',
    "lock": '<rect x="4.5" y="9" width="11" height="7.5" rx="2"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>',
    "reply": '<path d="M8 5 3.5 9.5 8 14"/><path d="M3.5 9.5H11a5.5 5.5 0 0 1 5.5 5.5v.5"/>',
    "copy": (
        '<rect x="7" y="7" width="9.5" height="9.5" rx="2"/>'
        '<path d="M13 7V5.5a2 2 0 0 0-2-2H5.5a2 2 0 0 0-2 2V11a2 2 0 0 0 2 2H7"/>'
    ),
    "pin": (
        '<path d="m11.5 3.5 5 5-2.5.75-3.25 3.25.25 3-1.25 1.25L3.25 10.25 4.5 9l3 .25L10.75 '
        '6l.75-2.5ZM6.5 13.5l-3 3"/>'
    ),
    "trash": (
        '<path d="M4 6h12M8 6V4.5a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1V6M5.5 6l.6 9a1.5 1.5 0 0 0 1.5 '
        '1.5h4.8a1.5 1.5 0 0 0 1.5-1.5l.6-9M8.5 9v4.5M11.5 9v4.5"/>'
    ),
    "link": (
        '<path d="M8.5 11.5a3 3 0 0 0 4.25 0l2.5-2.5A3 3 0 0 0 11 4.75l-1 1M11.5 8.5a3 3 0 0 0-4.25 '
        '0l-2.5 2.5A3 3 0 0 0 9 15.25l1-1"/>'
    ),
}
"""name -> what stands inside the <svg>."""

DIRECTIONAL_ICONS = frozenset(("back", "forward", "reply", "sign-out", "panel"))
"""Icons that point along the line of text, and so are mirrored where it runs from right to left."""
