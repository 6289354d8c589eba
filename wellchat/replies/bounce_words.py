"""Tell what a bounce says that has no standard report: by status codes and by the words of mail servers.

Only for mails to an address that we signed for one mail of ours, and that nothing else uses. When in doubt
the mail has ended, and the address has not: who gets mail too often can say so, who gets none cannot.
"""

from __future__ import annotations

import re

from wellchat.replies.reading import Incoming

DELAYED, SOFT, HARD = "delayed", "soft", "hard"
"""It ends nothing; it ends this mail; it ends mails to the address."""

STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.-])([45])\d\d[ -](?=\S)")
_MACHINE = re.compile(
    r"mailer-?daemon|post-?master|mail(er)?[ ._-]?(delivery|system|admin|service)|deliver(y|er)"
    r"|smtp|daemon"
    r"|microsoft[ .]?exchange|mdaemon|mmdf|no-?reply|bounce|\bmailgate|\bmta\b|\bsystem\b|mailsvr"
    r"|administrator",
    re.IGNORECASE,
)

# What programs say of themselves in the subject, or in the first words, in eleven languages.
_SAYS_BOUNCE = re.compile(
    r"undeliver|un-?able to (deliver|send)|not (be |been )?deliver(ed|able)|non-?deliver"
    r"|returned (mail|to sender)"
    r"|return to sender|(deliver(y|ing)?|transport|send(ing)?|mail|address) (status|has |have "
    r"|was |to .{0,80} )?"
    r"(notification|fail|error|problem|report|incomplete|aborted)|deliver(y|ing)\b.{0,60}\b(fail"
    r"|abort|delay|refus)"
    r"|failure (notice|delivering|notification)|failed (mail|recipient|delivery|address)"
    r"|bounced?\b|mail failure"
    r"|mail (system|server) error|(couldn.t|could not|can.?not|can.t|wasn.t able to|did not) (be |get )?"
    r"(deliver|send|sent|reach|process|forward|transmit)|recipients? (rejected|refused|unknown)"
    r"|message (was |has been |is )?(not|reject|refus|block|expire|delay|bounc|automatically rejected)"
    r"|rejected (posting|mail|message)|mail(box)? (is )?full|over quota|user unknown|nondeliv"
    r"|delivery-failure"
    r"|(had|have|encountered) .{0,30}(fatal|permanent|delivery|transient) (error|problem)"
    r"|returning (your )?message"
    r"|session transcript|transcript of session|problems? (with|found|delivering)|returned message"
    r"|unzustellbar|nicht (zugestellt|ausgeliefert|zustellbar|übermittelt)|zustellung.{0,40}(fehl|nicht)"
    r"|n.a pas (pu |été )|non (remis|distribu)|échec de|retour.{0,20}expéditeur|pas été (remis"
    r"|distribué)"
    r"|no se (ha )?(pudo|podido|entreg)|no (fue|ha sido) entregad|devuelto|error de entrega"
    r"|não (foi|pôde|pode) (ser )?entreg|falha (na|de) entrega|impossibile (recapitare|consegnare)"
    r"|mancata consegna|mancato recapito|niet (worden )?(bezorgd|afgeleverd)|onbestelbaar"
    r"|не (может быть|было|был|удалось) ?(доставлен|достав)|недоставлен|не доставлено"
    r"|niedostarczon|nie dostarczon"
    r"|配信(できません|不能|エラー)|届け(ること)?(が)?できません|送信できません|お届けできません|宛先不明"
    r"|退信|无法(投递|送达)|投递失败|发送失败|未能送达|退件|無法(投遞|傳送|遞送)",
    re.IGNORECASE,
)
_SAYS_DELAYED = re.compile(
    r"warning: (message|could not send|e?mail)|this is a warning|(will|we.ll) (be )?(keep"
    r"|continue|re-?try|go on|try"
    r"|attempt)\w*\b(?! to send you)|delivery (status notification )?\(?delay|(delivery|message"
    r"|mail) (is |has been |was )?"
    r"delayed|not yet been delivered|still (being tried|trying|undelivered|in the queue"
    r"|not been delivered)"
    r"|do not need to resend|need not resend|verzögert|retard(é|ado)|отложен",
    re.IGNORECASE,
)
# A reply of a person's machine, which is about no mail of ours.
_VACATION = re.compile(
    r"^(re: )?(out of (the )?office|auto(matic|mated)?[- ]?(re(ply|sponse)|answer)|vacation"
    r"|away from|abwesen|automatische antwort"
    r"|réponse automatique|respuesta automática|i am away)",
    re.IGNORECASE,
)
_SAYS_SOFT = re.compile(
    r"\bfull\b|quota|exceed|too (large|big|many|long|fast)|message size|size limit|storage|spam"
    r"|junk|blocke?d|black-?list"
    r"|block-?list|denied|\bdeny|policy|virus|content|refused to talk|refused by|prohibited"
    r"|forbidden|not allowed|relay"
    r"|dmarc|\bspf\b|\bdkim\b|reputation|reject(ed|s) (the|your|this) (message|mail)|unsolicited"
    r"|time(d)?[ -]?out|connection (refused|reset|lost|failed|died)|try (again )?later|retry time"
    r"|temporar|grey-?list|loop"
    r"|too many hops|hop count|has expired|retries|max(imum)? (age|time)|unauthenticated|authenticat",
    re.IGNORECASE,
)
_SUBJECT_OF = (
    r"(e-?mail |mail )?"
    r"(user|mailbox|recipient|address(ee)?|account|person|alias|host|domain|name|customer|userid)"
)
_SAYS_HARD = re.compile(
    rf"(unknown|invalid|illegal|no such|nonexistent|non-existent|unrecognized|inactive|bad"
    rf"|unrout(e)?able|unresolvable)"
    rf" (final |destination |local |virtual |mail |e-?mail |delivery |or (invalid|illegal) "
    rf"|relay )*{_SUBJECT_OF}"
    rf"|{_SUBJECT_OF}(s|name)?( \S+| address| name| part)?\W{{0,3}}( is| was| has been| could"
    rf"| does| doesn.t| has)?"
    r" ?(not (be |a |been |currently )?(found|exist|known|valid|recogni|listed|registered|active"
    r"|available)"
    r"|n.t exist|unknown|invalid|disabled|inactive|unavailable|suspended|closed|deactivated|terminated)"
    r"|not (our customer|listed in|a (valid|known|local) |known at|found in)|there is no (user"
    r"|such|account|one)"
    r"|(doesn.t|does not) (have an? |exist)|no (mailbox|user|account|person|recipient|one) (here"
    r"|by|with|at|of)?"
    r"|has no mailbox|not in (the |our )?(directory|address ?book)|recipnotfound|nxdomain"
    r"|no matches to|wasn.t found"
    r"|user ?(unknown|not found)|recipient ?(unknown|not found|rejected)|unknown ?user|bad destination"
    r"|does not like recipient|address rejected|name not found|unknown:? (user|recipient)"
    r"|not a current|no longer (valid|in use|available)",
    re.IGNORECASE,
)
# Behind one of these the mail begins that came back: its words say nothing about its fate.
_ENCLOSED = re.compile(
    r"^[^\w\n]{0,80}((this is a copy|below this line is a copy|a copy) of (the|your)|(original"
    r"|returned|old|unsent|undelivered|your) "
    r"(message|mail)( header| follows| text| attached|:|-)|(start|begin|message headers?"
    r"|message text)\b.{0,30}\b(follow|message|header)"
    r"|included is a copy|message header|-{2,80} ?(original|returned|undelivered|message|start"
    r"|enclosed)|received: (from|by) "
    r"|return-path:|---below this line)",
    re.IGNORECASE | re.MULTILINE,
)
# A status that blames the address, beside words that blame something else.
_SAYS_ELSE = re.compile(
    r"quota|mailbox (is )?full|temporar|spam|sender rejected|mail ?from domain|too many|content"
    r"|reputation|black-?list"
    r"|try (again )?later|domain of sender",
    re.IGNORECASE,
)
MAX_TEXT = 6_000  # characters of a report that are looked at


def fate_by_words(mail: Incoming, text: str) -> tuple[str, str] | None:
    """Return (DELAYED, SOFT or HARD; the server's words) of a mail to a bounce address.

    None: it is no bounce. `text` is what the report says, with its line breaks.
    """
    said = _own_words(text)
    subject, author = mail.header("Subject"), mail.header("From")
    from_machine = bool(_MACHINE.search(author)) or not author
    # Machines that answer for people send to the same address (RFC 3834), with the words of people.
    answers = mail.header("Auto-Submitted").lower().startswith("auto-replied") and not from_machine
    if _VACATION.match(subject) or (answers and not _SAYS_BOUNCE.search(subject)):
        return None
    is_report = "X-Failed-Recipients" in mail.message or mail.message.get_content_type() == "multipart/report"
    code = STATUS.search(said)
    reply = _CODE.search(said)
    says_so = _SAYS_BOUNCE.search(subject) or _SAYS_BOUNCE.search(said[:1500])
    words = _SAYS_HARD.search(said) or _SAYS_SOFT.search(said)
    if not (is_report or says_so or code or (from_machine and (reply or words))):
        return None
    if _SAYS_DELAYED.search(f"{subject}\n{said[:1500]}") and not (code and code[1] == "5"):
        return DELAYED, said[:200]
    return _judged(said, code)


def fate_by_status(status: str, words: str) -> str:
    """Return SOFT or HARD for an enhanced status code of a mail that has ended (RFC 3463).

    Only 5.1 and 5.2 are about the address. A full mailbox or a large mail (5.2.2, 5.2.3) is not for good, and
    5.1.7 and 5.1.8 are about the sender. `words` beside it may blame something else.
    """
    if status.rpartition(".")[0] not in ("5.1", "5.2") or status in ("5.2.2", "5.2.3", "5.1.7", "5.1.8"):
        return SOFT
    return SOFT if _SAYS_ELSE.search(words) else HARD


def fate_of_words(text: str) -> str:
    """Return SOFT or HARD by the words that a server gives as its reason."""
    return HARD if _SAYS_HARD.search(text) and not _SAYS_SOFT.search(text) else SOFT


def _judged(said: str, code: re.Match[str] | None) -> tuple[str, str]:
    # 5.0.0 says nothing, and another code may stand behind it.
    telling = next((each for each in STATUS.finditer(said) if each[2] != "0" and each[1] != "2"), None)
    if telling:
        around = said[max(0, telling.start() - 100) : telling.end() + 200]
        return fate_by_status(telling[0], around), f"{telling[0]} {around}"
    found = _SAYS_SOFT.search(said) or _SAYS_HARD.search(said) or code
    start = found.start() if found else 0
    return fate_of_words(said), said[max(0, start - 100) : start + 200]


def _own_words(text: str) -> str:
    """Return the report's words on one line, without the mail that came back."""
    # A report may begin with such a line; then there is nothing before it, and all of it is looked at.
    enclosed = next((each for each in _ENCLOSED.finditer(text) if text[: each.start()].strip()), None)
    return " ".join((text[: enclosed.start()] if enclosed else text).split())[:MAX_TEXT]
