#!/bin/sh
# For a mail server's pipe: one mail on standard input. See docs/mail.md.
# A mail server gives the mail back to its sender for a status it does not know, so what is not a verdict is "later":
# settings that cannot be read, a program that cannot start, whatever the shell stumbles over.
settings=/etc/wellchat.env
wellchat=/opt/wellchat/.venv/bin/wellchat

verdict=75
trap 'exit $verdict' EXIT
trap 'exit 75' HUP INT TERM

[ -r "$settings" ] || { echo "$settings cannot be read by $(id -un)" >&2; exit 75; }
# NAME=value, as systemd reads it: the value as it stands, or in quotes. A shell would make commands of < and $.
while IFS= read -r line || [ -n "$line" ]; do
    name=${line%%=*}
    value=${line#*=}
    case $line in [A-Za-z_]*=*) ;; *) continue ;; esac
    case $name in *[!A-Za-z0-9_]*) continue ;; esac
    case $value in
        \"*\") value=${value#\"} value=${value%\"} ;;
        \'*\') value=${value#\'} value=${value%\'} ;;
    esac
    export "$name=$value"
done < "$settings"

"$wellchat" mail receive "$@"
status=$?
case $status in 0 | 65 | 67 | 77) verdict=$status ;; esac
