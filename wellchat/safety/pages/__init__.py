"""Pages of safety: between two people, the queue of reports, and people for administrators."""

from wellchat.safety.pages import between, people, reports

blueprints = (between.pages, reports.pages, people.pages)
