"""The pages of conversation: one module for each."""

from wellchat.messaging.pages import files, inbox, message, start, thread

blueprints = (inbox.pages, thread.pages, start.pages, message.pages, files.pages)
