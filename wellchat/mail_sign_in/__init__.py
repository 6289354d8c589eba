"""Sign people in by the links of their mails: one tap and one button, where the operator switches it on."""

from wellchat.feature import Feature
from wellchat.mail.hooks import way_in
from wellchat.mail_sign_in.links import way_into
from wellchat.mail_sign_in.pages import pages

feature = Feature(
    "mail_sign_in",
    optional=True,
    on_by_default=False,
    blueprints=(pages,),
    handlers=((way_in, way_into),),
)
