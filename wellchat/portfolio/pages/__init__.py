"""Pages of the portfolio: of the two people, and the public one."""

from wellchat.portfolio.pages import own, public

blueprints = (own.pages, public.pages)
