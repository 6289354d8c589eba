"""Replies as mail programs write them, in several languages, and the new text of each.

The forms are those of real mails of these programs; names, addresses and words are ours.
"""

from __future__ import annotations

DIGEST = """\
Hello Sofia Marin,

2 new messages wait for you.

Ana Petrov (Client)

Wednesday 18 November

  12:00

  Is nine still fine?

Read and answer: https://chat.example/threads/x
"""
QUOTED = "\n".join(f"> {line}".rstrip() for line in DIGEST.splitlines())
US = "wellchat <wellchat+r0123456789abc@studio.example>"

# name: (what stands in text/plain, what was new in it)
PLAIN = {
    "nothing but words": ("Yes, at nine.", "Yes, at nine."),
    "gmail en": (
        f"Yes, at nine.\n\nOn Wed, Nov 18, 2026 at 1:30 PM {US} wrote:\n\n{QUOTED}\n",
        "Yes, at nine.",
    ),
    "gmail en, introduction over two lines": (
        f"Yes, at nine.\n\nOn Wed, Nov 18, 2026 at 1:30 PM wellchat <\nwellchat+r0123456789abc@studio.example> wrote:\n\n{QUOTED}",
        "Yes, at nine.",
    ),
    "gmail en, no empty line above": (
        f"Yes, at nine.\nOn Wed, Nov 18, 2026 at 1:30 PM {US}\nwrote:\n{QUOTED}",
        "Yes, at nine.",
    ),
    "gmail de": (
        f"Ja, um neun.\n\nAm Mi., 18. Nov. 2026 um 13:30 Uhr schrieb {US}:\n\n{QUOTED}",
        "Ja, um neun.",
    ),
    "gmail fr": (
        f"Oui, à neuf heures.\n\nLe mer. 18 nov. 2026 à 13:30, {US} a écrit :\n\n{QUOTED}",
        "Oui, à neuf heures.",
    ),
    "gmail es": (
        f"Sí, a las nueve.\n\nEl mié, 18 nov 2026 a las 13:30, wellchat (<w@studio.example>) escribió:\n\n{QUOTED}",
        "Sí, a las nueve.",
    ),
    "gmail pt": (
        f"Sim, às nove.\n\nEm qua., 18 de nov. de 2026 às 13:30, {US}\nescreveu:\n\n{QUOTED}",
        "Sim, às nove.",
    ),
    "gmail it": (
        f"Sì, alle nove.\n\nIl giorno mer 18 nov 2026 alle ore 13:30 {US} ha scritto:\n\n{QUOTED}",
        "Sì, alle nove.",
    ),
    "gmail nl": (f"Ja, om negen.\n\nOp wo 18 nov 2026 om 13:30 schreef {US}:\n\n{QUOTED}", "Ja, om negen."),
    "gmail pl": (
        f"Tak, o dziewiątej.\n\nśr., 18 lis 2026 o 13:30 {US} napisał(a):\n\n{QUOTED}",
        "Tak, o dziewiątej.",
    ),
    "gmail sv": (
        f"Ja, klockan nio.\n\nDen ons 18 nov. 2026 kl 13:30 skrev {US}:\n\n{QUOTED}",
        "Ja, klockan nio.",
    ),
    "gmail da": (
        f"Ja, klokken ni.\n\nons. 18. nov. 2026 kl. 13.30 skrev {US}:\n\n{QUOTED}",
        "Ja, klokken ni.",
    ),
    "gmail ru": (f"Да, в девять.\n\nср, 18 нояб. 2026 г. в 13:30, {US}:\n\n{QUOTED}", "Да, в девять."),
    "gmail ja": (f"はい、九時に。\n\n2026年11月18日(水) 13:30 {US}:\n\n{QUOTED}", "はい、九時に。"),
    "gmail zh": (
        f"好的，九点。\n\nwellchat <w@studio.example> 于2026年11月18日周三 13:30写道：\n\n{QUOTED}",
        "好的，九点。",
    ),
    "apple mail en": (
        f"Yes, at nine.\n\n> On 18 Nov 2026, at 13:30, {US} wrote:\n> \n{QUOTED}",
        "Yes, at nine.",
    ),
    "apple mail de": (
        f"Ja, um neun.\n\nViele Grüße\nSofia\n\n> Am 18.11.2026 um 13:30 schrieb {US}:\n> \n{QUOTED}",
        "Ja, um neun.\n\nViele Grüße\nSofia",
    ),
    "iphone en": (
        f"Yes, at nine.\n\nSent from my iPhone\n\n> On Nov 18, 2026, at 1:30 PM, {US} wrote:\n> \n{QUOTED}",
        "Yes, at nine.",
    ),
    "iphone de": (
        f"Ja, um neun.\n\nVon meinem iPhone gesendet\n\n> Am 18.11.2026 um 13:30 schrieb {US}:\n> \n{QUOTED}",
        "Ja, um neun.",
    ),
    "iphone fr": (
        f"Oui.\n\nEnvoyé de mon iPhone\n\n> Le 18 nov. 2026 à 13:30, {US} a écrit :\n> \n{QUOTED}",
        "Oui.",
    ),
    "iphone it": (
        f"Sì.\n\nInviato da iPhone\n\n> Il giorno 18 nov 2026, alle ore 13:30, {US} ha scritto:\n> \n{QUOTED}",
        "Sì.",
    ),
    "iphone es": (
        f"Sí.\n\nEnviado desde mi iPhone\n\n> El 18 nov 2026, a las 13:30, {US} escribió:\n> \n{QUOTED}",
        "Sí.",
    ),
    "iphone nl": (
        f"Ja.\n\nVerstuurd vanaf mijn iPhone\n\n> Op 18 nov 2026 om 13:30 heeft {US} het volgende geschreven:\n> \n{QUOTED}",
        "Ja.",
    ),
    "thunderbird en": (f"Yes, at nine.\n\nOn 11/18/26 13:30, wellchat wrote:\n{QUOTED}\n\n", "Yes, at nine."),
    "thunderbird de": (f"Ja, um neun.\n\nAm 18.11.26 um 13:30 schrieb wellchat:\n{QUOTED}", "Ja, um neun."),
    "thunderbird fr": (f"Oui.\n\nLe 18/11/2026 à 13:30, wellchat a écrit :\n{QUOTED}", "Oui."),
    "thunderbird, old": (f"Ja, um neun.\n\nwellchat schrieb:\n{QUOTED}", "Ja, um neun."),
    "thunderbird, below the quote": (
        f"Am 18.11.26 um 13:30 schrieb wellchat:\n{QUOTED}\n\nJa, um neun.\n\n-- \nSofia Marin\nStudio",
        "Ja, um neun.",
    ),
    "thunderbird, between the lines": (
        "On 11/18/26 13:30, wellchat wrote:\n> Is nine still fine?\n\nYes.\n\n> And the green one?\n\nBring it, please.\n",
        "Yes.\n\nBring it, please.",
    ),
    "mutt": (
        f"Yes, at nine.\n\nOn Wed, Nov 18, 2026 at 12:30:00PM +0000, wellchat wrote:\n{QUOTED}\n-- \nSofia",
        "Yes, at nine.",
    ),
    "outlook en": (
        f"Yes, at nine.\n\nFrom: wellchat <w@studio.example>\nSent: Wednesday, November 18, 2026 1:30 PM\nTo: Sofia Marin\nSubject: 2 new messages\n\n{DIGEST}",
        "Yes, at nine.",
    ),
    "outlook en, with a line": (
        f"Yes, at nine.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: wellchat <w@studio.example>\nSent: Wednesday, November 18, 2026 1:30:00 PM\nTo: Sofia Marin <s@example.com>\nSubject: 2 new messages\n\n{DIGEST}",
        "Yes, at nine.",
    ),
    "outlook de": (
        f"Ja, um neun.\n\nVon: wellchat\nGesendet: Mittwoch, 18. November 2026 13:30\nAn: Sofia Marin\nBetreff: 2 new messages\n\n{DIGEST}",
        "Ja, um neun.",
    ),
    "outlook de, old": (
        f"Ja, um neun.\n\n-----Ursprüngliche Nachricht-----\nVon: wellchat [mailto:w@studio.example]\nGesendet: Mittwoch, 18. November 2026 13:30\nAn: Sofia\n\n{DIGEST}",
        "Ja, um neun.",
    ),
    "outlook fr": (
        f"Oui.\n\nDe : wellchat <w@studio.example>\nEnvoyé : mercredi 18 novembre 2026 13:30\nÀ : Sofia Marin\nObjet : 2 new messages\n\n{DIGEST}",
        "Oui.",
    ),
    "outlook es": (
        f"Sí.\n\nDe: wellchat <w@studio.example>\nEnviado el: miércoles, 18 de noviembre de 2026 13:30\nPara: Sofia Marin\nAsunto: 2 new messages\n\n{DIGEST}",
        "Sí.",
    ),
    "outlook it": (
        f"Sì.\n\nDa: wellchat <w@studio.example>\nInviato: mercoledì 18 novembre 2026 13:30\nA: Sofia Marin\nOggetto: 2 new messages\n\n{DIGEST}",
        "Sì.",
    ),
    "outlook pt": (
        f"Sim.\n\nDe: wellchat\nEnviada em: quarta-feira, 18 de novembro de 2026 13:30\nPara: Sofia\nAssunto: 2 new messages\n\n{DIGEST}",
        "Sim.",
    ),
    "outlook nl": (
        f"Ja.\n\nVan: wellchat\nVerzonden: woensdag 18 november 2026 13:30\nAan: Sofia\nOnderwerp: 2 new messages\n\n{DIGEST}",
        "Ja.",
    ),
    "outlook pl": (
        f"Tak.\n\nOd: wellchat\nWysłano: środa, 18 listopada 2026 13:30\nDo: Sofia\nTemat: 2 new messages\n\n{DIGEST}",
        "Tak.",
    ),
    "windows mail ru": (
        f"Да.\n\nОт: wellchat\nОтправлено: среда, 18 ноября 2026 г. 13:30\nКому: Sofia\n\n{DIGEST}",
        "Да.",
    ),
    "hotmail, date first": (
        f"Yes.\n\nDate: Wed, 18 Nov 2026 13:30:00 +0000\nSubject: 2 new messages\nFrom: w@studio.example\nTo: sofia@example.com\n\n{DIGEST}",
        "Yes.",
    ),
    "yahoo": (
        f"Yes.\n\n\n----- Original Message -----\nFrom: wellchat <w@studio.example>\nTo: sofia@example.com\nSent: Monday, 1:30 PM\n\n{DIGEST}",
        "Yes.",
    ),
    "yahoo, not marked": (
        f"Yes.\n\nOn Wednesday, November 18, 2026 at 01:30:00 PM GMT+1, {US} wrote:\n\n{DIGEST}",
        "Yes.",
    ),
    "android, two lines": (f"Thanks!\n\nOn 18 Nov 2026, at 13:30, {US}\nwrote:\n\n  {DIGEST}", "Thanks!"),
    "nl, not marked": (
        f"Ja hoor.\n\nOp 18 november 2026 13:30 schreef wellchat het volgende:\n\n{DIGEST}",
        "Ja hoor.",
    ),
    "nothing but our own words": (f"Yes, at nine.\n\n{DIGEST}", "Yes, at nine."),
    "proton": (
        f"Yes.\n\nSent with [Proton Mail](https://proton.me/mail/home) secure email.\n\nOn Wednesday, November 18th, 2026 at 1:30 PM, {US} wrote:\n\n{QUOTED}",
        "Yes.",
    ),
    "gmx app": (
        f"Ja.\n--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.\nAm 18.11.26, 13:30 schrieb {US}:\n\n{QUOTED}",
        "Ja.",
    ),
    "samsung": (
        f"Ja.\n\n\nVon meinem/meiner Galaxy gesendet\n\n-------- Ursprüngliche Nachricht --------\nVon: wellchat <w@studio.example>\nDatum: 18.11.26 13:30 (GMT+01:00)\nAn: sofia@example.com\nBetreff: 2 new messages\n\n{DIGEST}",
        "Ja.",
    ),
    "signature": ("See you.\n\n-- \nSofia Marin\nStudio Marin\n+49 123", "See you."),
    "signature without its space": ("See you.\n\n--\nSofia Marin", "See you."),
    "outlook app de, other words": ("Ok.\n\nOutlook für iOS beziehen", "Ok."),
    "outlook app de": ("Ok.\n\nHolen Sie sich Outlook für Android", "Ok."),
}

# What is a person's own, though it looks like something to cut.
KEPT = {
    "a list of times": "I can do:\n\nFrom: 9:00\nTo: 11:00\nWhere: the studio\n\nWhich is best?",
    "a colon": "Two questions:\n\n1. When?\n2. Where?",
    "a date and an address": "Meet me on 18.11.2026 at 10:30, and write to me@example.com:\n\nI will be there.",
    "a line of dashes": "First this.\n\n---\n\nThen that.",
    "two dashes in the middle": "One\n--\n" + "\n".join(f"line {n}" for n in range(20)),
    "greetings": "Yes.\n\nBest regards,\nSofia",
    "sent from": "The parcel was sent.\n\nSent from the shop to your house yesterday",
    "get the phone": "Please\nGet me the phone number of the painter",
    "arrows": "a -> b\nc => d",
    "code": "x = 1\n    y = 2",
    "we wrote": "As we wrote: nothing changed.\nSee you.",
    "right to left": "שלום, מחר בתשע",
    "emoji": "👍🏽",
}

# name: (the HTML part, what was new in it)
HTML = {
    "gmail": (
        '<div dir="ltr">Yes, at <b>nine</b>.<br clear="all"><div><br></div><span class="gmail_signature_prefix">-- </span><br>'
        '<div dir="ltr" class="gmail_signature">Sofia Marin</div></div><br><div class="gmail_quote gmail_quote_container">'
        '<div dir="ltr" class="gmail_attr">On Wed, Nov 18, 2026 at 1:30 PM wellchat wrote:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid">2 new messages</blockquote></div>',
        "Yes, at nine.",
    ),
    "outlook on the web": (
        '<html><head><style>P {margin-top:0;}</style></head><body dir="ltr"><div class="elementToProof" style="font-size: 12pt;">Yes,'
        ' at nine.</div><div class="elementToProof"><br></div><div id="Signature"><p>Sofia Marin<br>Studio</p></div>'
        '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
        "<b>From:</b> wellchat<br><b>Sent:</b> Wednesday<br><b>To:</b> Sofia<br></div><div>2 new messages</div></body></html>",
        "Yes, at nine.",
    ),
    "outlook desktop": (
        "<div class=WordSection1><p class=MsoNormal>Yes, at nine.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
        "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Von:</b> wellchat"
        " &lt;w@studio.example&gt; <br><b>Gesendet:</b> Mittwoch, 18. November 2026 13:30<br><b>An:</b> Sofia<br><b>Betreff:</b> 2 new"
        "<o:p></o:p></p></div></div><p class=MsoNormal>Hello Sofia</p></div>",
        "Yes, at nine.",
    ),
    "apple mail": (
        '<body dir="auto"><div>Yes, at nine.</div><div><br></div><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br>'
        '<blockquote type="cite">On 18 Nov 2026, at 13:30, wellchat wrote:<br><br></blockquote></div><blockquote type="cite">'
        '<div dir="ltr">2 new messages</div></blockquote></body>',
        "Yes, at nine.",
    ),
    "thunderbird": (
        '<body><p>Yes, at nine.</p><div class="moz-cite-prefix">Am 18.11.26 um 13:30 schrieb wellchat:<br></div>'
        '<blockquote type="cite" cite="mid:x@y"><p>2 new messages</p></blockquote><div class="moz-signature">-- <br>Sofia</div></body>',
        "Yes, at nine.",
    ),
    "yahoo": (
        '<div class="yahoo-style-wrap"><div dir="ltr">Yes, at nine.</div><div><br></div></div><div id="yahoo_quoted_1" class="yahoo_quoted">'
        "<div>On Wednesday wrote:</div><div>2 new messages</div></div>",
        "Yes, at nine.",
    ),
    "mail.ru": (
        "<HTML><BODY><p>Да, в девять.</p><br><br>Wed, 18 Nov 2026 14:00:51 +0400 от wellchat &lt;w@studio.example&gt;:<br>"
        '<blockquote style="border-left:1px solid #0857A6; margin:10px;"><div>2 new messages</div></blockquote></BODY></HTML>',
        "Да, в девять.",
    ),
    "a page that hides things": (
        '<head><title>no</title></head><body><div style="display: none">preheader</div><script>alert(1)</script><!-- no -->'
        "<p>One &amp; two &lt;3</p><ul><li>first<li>second</ul><p>Look <a href='https://example.com/a'>here</a>"
        " or <a href='https://example.com/b'>https://example.com/b</a></p><table><tr><td>a</td><td>b</td></tr></table>",
        "One & two <3\n\n- first\n- second\n\nLook here (https://example.com/a) or https://example.com/b\n\na b",
    ),
    "broken": ("<p>Yes<p>no <b>end <div></span></p></div>", "Yes\n\nno end"),
    "spark": (
        '<div name="messageBodySection"><p>Yes.</p></div><div name="messageReplySection">On Wed wrote:<p>no</p></div>',
        "Yes.",
    ),
}
