#!/bin/sh
# For a mail server's pipe: one mail on standard input. See docs/mail.md.
# A mail server gives the mail back to its sender for a status it does not know, so what is not a verdict is "later".
set -a
. /etc/wellchat.env
set +a
/opt/wellchat/.venv/bin/wellchat mail receive "$@"
status=$?
case $status in
    0 | 65 | 67 | 77) exit $status ;;
    *) exit 75 ;;
esac
