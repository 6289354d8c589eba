"""The list of features, lowest first, and which of them an installation runs.

A feature imports only from those before it; tests/test_architecture.py holds that.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from wellchat.config import SettingsError
from wellchat.feature import Feature, module_exists, registry

FEATURES = (
    "mail",
    "changes",
    "audit",
    "accounts",
    "identities",
    "factors",
    "flags",
    "connections",
    "subjects",
    "notifications",
    "attachments",
    "messaging",
    "saved_filters",
    "mail_ledger",
    "mail_sign_in",
    "replies",
    "search",
    "digests",
    "booking_notices",
    "availability",
    "booking",
    "calendars",
    "lead_notices",
    "push",
    "offline",
    "updates",
    "invites",
    "safety",
    "privacy",
    "clientele",
    "portfolio",
    "disclosure",
    "oversight",
    "security_log",
    "host",
    "brand",
    "sso",
    "embed",
    "host_setup",
    "imports",
    "events",
    "masking",
    "scheduled",
    "follow_ups",
    "check_ins",
    "figures",
    "saved_replies",
    "automatic_messages",
    "backup",
    "installation",
    "demo",
    "first_run",
)


def enabled_features(switches: Iterable[str] = ()) -> list[Feature]:
    """Return the declarations of the features that are on, lowest first.

    `switches` are the values of WELLCHAT_FEATURES: `name` switches an optional feature on, `-name` off. A
    name with a dot is a package of your own, such as `mysite.goals`; it comes last. Raises SettingsError for
    a name that is no feature, and for one that cannot be switched.
    """
    chosen = {name.removeprefix("-"): not name.startswith("-") for name in switches}
    # Packages outside this repository stand above all of ours, in the order in which they are named.
    own = [name for name, on in chosen.items() if "." in name and on]
    features: list[Feature] = []
    for name in (*FEATURES, *own):
        if "." in name and not module_exists(name):
            raise SettingsError(f"WELLCHAT_FEATURES: there is no package {name}")
        module = import_module(name if "." in name else f"wellchat.{name}")
        feature = getattr(module, "feature", None)
        if not isinstance(feature, Feature) or feature.name in [each.name for each in features]:
            raise SettingsError(f"WELLCHAT_FEATURES: {name} declares no feature of its own")
        if name in chosen and not feature.optional:
            raise SettingsError(f"WELLCHAT_FEATURES: {name} is always on")
        if chosen.get(name, feature.on_by_default):
            features.append(feature)
    if unknown := sorted(name for name in chosen if "." not in name and name not in FEATURES):
        raise SettingsError(f"WELLCHAT_FEATURES: there is no feature {', '.join(unknown)}")
    return features


def all_features() -> list[Feature]:
    """Return the declarations of all features whose tables are there, on or off, lowest first.

    Needs an application context, for packages of your own that are on.
    """
    # A feature of ours that is off has tables all the same, with what people left there before.
    own = [feature for feature in registry().features if feature.name not in FEATURES]
    return [*(import_module(f"wellchat.{name}").feature for name in FEATURES), *own]
