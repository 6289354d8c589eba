"""Help a platform to set itself up with wellchat: make its keys, and look whether its pages are ready."""

from wellchat.feature import Feature
from wellchat.host_setup.cli import host

feature = Feature("host_setup", commands=(host,))
