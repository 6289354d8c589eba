"""One story for each trade wellchat serves, in the order the switcher shows them."""

from wellchat.demo.stories import coach, coupon, lead, platform, salon

STORIES = (coach.STORY, salon.STORY, coupon.STORY, lead.STORY, platform.STORY)
