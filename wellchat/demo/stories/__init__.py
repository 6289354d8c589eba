"""List the stories: one per trade, in the order of the switcher."""

from wellchat.demo.stories import coach, coupon, lead, platform, salon

STORIES = (coach.STORY, salon.STORY, coupon.STORY, lead.STORY, platform.STORY)
