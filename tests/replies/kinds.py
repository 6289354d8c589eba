"""Kinds of mails that were once read wrongly, and what was new in each: one table for tests and the bench.

The forms are those of real mails; every name, address and word is ours. An entry of KINDS is
`name: (the text part, its words)`, of KINDS_HTML the same of an HTML part, of WHOLE a mail's headers and body.
"""

from __future__ import annotations

COACH = '"Coach" <reply@studio.example>'
OLD = "Is nine still fine?\nBring the green one."
OURS = ("wellchat", "chat.example")  # what the mails have in common with ours

_HEADERS = {
    "fr, sent last": (
        "De : Coach",
        "A : Sofia",
        "Objet : Rendez-vous",
        "Envoyé le : mercredi 3 mars 2027 12:47",
    ),
    "fr": ("De : Coach", "Envoyé le : mercredi 3 mars 2027 12:47", "À : Sofia", "Objet : Rendez-vous"),
    "el": ("Από: Coach", "Στάλθηκε: Τετάρτη, 3 Μαρτίου 2027 12:47", "Προς: Sofia", "Θέμα: Ραντεβού"),
    "ar": ("من: Coach", "تم الإرسال: 03/03/2027 12:47", "إلى: Sofia", "الموضوع: موعد"),
    "ro": ("De la: Coach", "Trimis: miercuri, 3 martie 2027 12:47", "Către: Sofia", "Subiect: Programare"),
    "hr": ("Od: Coach", "Poslano: 3. ožujka 2027. 12:47", "Prima: Sofia", "Predmet: Termin"),
    "vi": ("Từ: Coach", "Đã gửi: Thứ Tư, 3 tháng 3, 2027 12:47", "Tới: Sofia", "Chủ đề: Lịch hẹn"),
    "sk": ("Od: Coach", "Odoslané: streda 3. marca 2027 12:47", "Komu: Sofia", "Predmet: Termín"),
    "with a name of ours": ("From: wellchat", "Date: 3 March 2027 12:47", "To: Sofia"),
    "a line that is wrapped": (
        'From: "Coach at the Studio" [mailto:reply@studio.example] On Behalf',
        "Of somebody",
        "Sent: Wednesday, March 3, 2027 12:47 PM",
        "To: Sofia",
        "Subject: Appointment",
    ),
}
_INTRODUCTIONS = {
    "yandex": f"03.03.2027, 12:47, {COACH}:",
    "gmail ru": f"ср, 3 мар. 2027 г. в 12:47, {COACH}:",
    "gmail he": "\u200f\u202bבתאריך יום ד׳, 3 במרץ 2027 ב-12:47 מאת \u202aCoach\u202c <\u202areply@studio.example\u202c>:\u202c",
    "mail.ru": "Среда, 3 марта 2027, 12:47 +03:00 от Coach <reply@studio.example>:",
    "zoho": f"---- On Wed, 03 Mar 2027 12:47:00 +0100 {COACH} wrote ----",
    "airmail": "On 3 March 2027 at 12:47:00, Coach (reply@studio.example) wrote:",
    "mac, with a link": 'On 3/3/27, 12:47, "Coach" <mailto:reply@studio.example> wrote:',
    "three dashes": "---Original Message---",
    "bold": "*-------- Original Message --------*",
    "samsung, in one line": (
        "-------- Original message --------\nFrom: Coach <reply@studio.example> Date: 03/03/2027 12:47 (GMT+01:00)"
        " To: sofia@example.com Subject: Appointment"
    ),
    "headers in one line": (
        "From: Coach <reply@studio.example> Date: 03/03/2027 12:47 (GMT+01:00) To: sofia@example.com Subject: Hi"
    ),
    "three lines": "On Wed, Mar 3, 2027 at 12:47 PM Somebody Ordinary\n<reply@studio.example>\nwrote:",
    "five lines": (
        "On Wed, 3 Mar 2027 at 12:47 Somebody Ordinary\n\n<\nmailto:Somebody <reply@studio.example>\n> wrote:"
    ),
    "an old gmail": "2027-03-03 12:47 GMT+01:00 Somebody Ordinary",
    "an old gmail with an address": "2027/3/3 Somebody Ordinary <reply@studio.example>",
    "somebody wrote": "Somebody <reply@studio.example> wrote:",
} | {f"outlook {name}": "\n".join(lines) for name, lines in _HEADERS.items()}

KINDS = {
    f"not marked: {name}": (f"Thanks.\n\n{above}\n\n{OLD}\n", "Thanks.") for name, above in _INTRODUCTIONS.items()
} | {
    "marked: three lines": (
        "Thanks.\n\nOn Wed, Mar 3, 2027 at 12:47 PM Somebody Ordinary\n<reply@studio.example>\nwrote:\n\n> old",
        "Thanks.",
    ),
    "marked: a name above the address": (
        "Thanks.\n\nOn Wed, Mar 3, Somebody Ordinary\n<reply@studio.example>\nwrote:\n> old", "Thanks.",
    ),
    "headers with nothing below": (
        "Tak.\n\n-------- Oprindelig besked --------\nFra: Coach <c@studio.example>\nDato: 03.03.2027 12.47\nTil: S\nEmne: A",
        "Tak.",
    ),
    "marked: an address that ends in the next line": (
        'Danke.\n\nAm 03.03.2027 12:47 schrieb "Somebody Ordinary" <noreply@studio.example\n>:\n\n> old\n> mail',
        "Danke.",
    ),
    "marked: headers above, an answer below": (
        "From: Coach <reply@studio.example>\nSent: Wednesday, March 3, 2027 12:47 PM\nTo: Sofia\n\n> Is nine fine?\n\nYes.",
        "Yes.",
    ),
    "below headers that are not marked": (
        f"From: Coach <c@studio.example>\nDate: 3 March 2027 12:47\nSubject: Hi\nTo: S\n\n{OLD}\n\nYes.",
        f"{OLD}\n\nYes.",
    ),
    "below an introduction that is not marked": (
        f"On Wed, Mar 3, 2027 at 12:47 PM {COACH} wrote:\n\n{OLD}\n\nYes.", f"{OLD}\n\nYes.",
    ),
    "below a signature": ("Hi.\n-- \nSofia\n\n> Is nine fine?\n\nYes, it is.", "Hi.\n> Is nine fine?\n\nYes, it is."),
    "an excerpt": ("> Is nine fine?\n\nYes.\n-- \nSofia", "> Is nine fine?\n\nYes."),
    "signed with OpenPGP": (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nYes, at nine.\n- -- \nSofia\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n",
        "Yes, at nine.",
    ),
    "a program's mark at the end": ("Yes.\n\nᐧ\n", "Yes."),
}  # fmt: skip

_DEVICES = (
    "나의 iPhone에서 보냄", "내 Galaxy에서 보냄", "从我的手机发送", "發自我的 iPhone", "iPhone'umdan gönderildi",
    "Στάλθηκε από το iPhone μου", "נשלח מה-iPhone שלי", "أُرسلت من الـ iPhone", "Odesláno z iPhonu",
    "Đã gửi từ iPhone của tôi", "Dikirim dari iPhone saya", "ส่งจาก iPhone ของฉัน", "Elküldve az iPhone-omról",
    "iPhone-ról küldve", "Poslano s mojeg iPhonea", "Trimis de pe iPhone-ul meu", "Sent with Spark", "Sent from Airmail",
    "Sent using Zoho Mail", "Get BlueMail for Android", "Sent from my Fairphone", "Sent from my TI-85",
    "Sent from my cell, please excuse any typos.", "Von meinem Fairphone gesendet", "<<sent by galaxy>>",
    "Get [Outlook for Android](https://example.com/x)", "Sent from [mail](https://example.com/x) for windows 10",
    "Envoyé depuis mon mobile", "iPhoneから送信",
)  # fmt: skip
KINDS |= {f"phone: {line}": (f"Yes.\n\n{line}", "Yes.") for line in _DEVICES}

# A person's own words, all of them: nothing may be cut.
OWN = {
    "a journey": "Please book:\nFrom: Leipzig\nTo: Vienna\nDate: 12.03.2027\n\nand call me tonight.",
    "a journey, de": "Bitte buchen:\nVon: Leipzig\nAn: Wien\nDatum: 12.03.2027 14:30\n\nund ruf mich heute an.",
    "a doctor wrote": "My doctor wrote me on 03.04.2027 at 14:30:\n\nno running for two weeks.\nShall I come?",
    "somebody said": "On Monday I was told to write to a@example.com:\nwhat does it cost?",
    "a comparison": "My weight:\n> 80 kg on Monday\n\nIs that too much?",
    "a comparison alone": "> 80 kg",
    "a face": ">:(\n\nI am late.",
    "a heading between dashes": "Plan.\n\n----- Monday -----\nrun\n\n----- Tuesday -----\nrest",
    "a heading between rules": "Plan\n_____ Warm up _____\nten minutes\n===== Run =====\ntwenty",
    "from my mobile": "The link fails.\n\nVon meinem Handy aus geht der Link nicht, was tun?",
    "from my mobile, told": "Hello.\n\nVon meinem Handy aus geht der Link nicht.",
    "from outlook": "Hello.\n\nSent from Outlook I never get your files, why?",
    "from outlook, told": "Hello.\n\nSent from Outlook I never get your files.",
    "sent from my house": "Hello.\n\nSent from my house to you yesterday",
    "an address at the end of a line": "Write to\nSofia <sofia@example.com>:\nshe knows.",
    "numbers": "One 1\n\nTwo 2\n\nThree 3",
}

KINDS_HTML = {
    "yandex, a bare blockquote": (
        f"<div>Thanks.</div><div>03.03.2027, 12:47, {COACH.replace('<', '&lt;')}:</div><blockquote><p>Is nine fine?</p>"
        "</blockquote>",
        "Thanks.",
    ),
    "an own blockquote": ("<p>As they say:</p><blockquote>Festina lente.</blockquote><p>So do I.</p>",
        "As they say:\n\nFestina lente.\n\nSo do I."),
    "answers between quotes in gmail": (
        '<div dir="ltr">See below.</div><div class="gmail_quote"><div class="gmail_attr">On Wed, Mar 3, 2027 at 12:47 PM'
        ' Coach wrote:<br></div><blockquote class="gmail_quote">Is nine fine?</blockquote><div>Yes.</div>'
        '<blockquote class="gmail_quote">And the green one?</blockquote><div>I bring it.</div></div>',
        "See below.\n\nYes.\n\nI bring it.",
    ),
    "an own list with numbers": ("<ol><li>first<li>second</ol>", "1. first\n2. second"),
    "own lines that are preformatted": ("<pre>a  b\n  c</pre>", "a  b\n  c"),
    "forwarded by gmail": (
        '<div>Look.</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>'
        "From: Coach<br></div><p>Old words</p></div>",
        "Look.",
    ),
}  # fmt: skip
