"""Figures of conversations and bookings: a professional's own, and those of everybody for administrators.

The worker measures each day once, after its end (measuring.py); definitions.py says what each figure is.
"""

from wellchat.audit.kinds import NOTICE, AuditKind
from wellchat.feature import Feature, NavItem
from wellchat.figures import cli, measuring, pair, series, shown
from wellchat.figures.pages import pages
from wellchat.figures.personal_data import personal_data
from wellchat.i18n import N_
from wellchat.places import ConnectionPanel

feature = Feature(
    "figures",
    optional=True,
    blueprints=(pages,),
    commands=(cli.figures,),
    sweeps=(measuring.sweep,),
    tidies=(series.tidy,),
    account_menu=(
        NavItem("/figures", N_("Figures"), "figures", visible=lambda viewer: viewer.is_professional),
    ),
    oversight_tabs=(
        NavItem("/oversight/figures", N_("Figures"), visible=lambda viewer: viewer.may("audit")),
        NavItem("/oversight/patterns", N_("Patterns"), visible=lambda viewer: viewer.may("moderate")),
    ),
    connection_panels=(
        ConnectionPanel(
            N_("Figures"), "figures/_link.html", pair.link, visible=lambda viewer: viewer.is_professional
        ),
    ),
    icons={"figures": '<path d="M3.5 16.5h13M6 16.5v-5M10 16.5v-11M14 16.5v-8"/>'},
    filters={
        "figure_value": shown.figure_value,
        "figure_change": shown.figure_change,
        "figure_span": shown.figure_span,
        "figure_day": shown.figure_day,
        "figure_month": shown.figure_month,
    },
    audited={
        "figures.exported": AuditKind(
            N_("Downloaded the figures of everybody"), NOTICE, shown_to_person=False, of_admin=True
        ),
        "figures.people_seen": AuditKind(
            N_("Saw whom a pattern is about"), NOTICE, shown_to_person=False, of_admin=True
        ),
    },
    personal_data=personal_data,
)
