"""Regular expressions for what mail programs write into replies, in many languages.

The modules beside this one look at shapes first, and use these where the shape is not enough.
"""

from __future__ import annotations

FROM = "|".join((
    "from", "von", "absender", "de", "expéditeur", "da", "mittente", "remitente", "remetente",
    "van",
    "afzender", "od", "nadawca", "odesílatel", "från", "fra", "lähettäjä", "от", "від",
    "kimden",
    "gönderen", "feladó", "发件人", "寄件者", "寄件人", "差出人", "보낸 사람", "מאת", "من", "από", "de la",
    "từ", "dari", "จาก", "saatja", "nuo", "no", "odosielateľ", "pošiljatelj", "از",
))  # fmt: skip

# Only mail programs say these of a date ...
SENT_STRICTLY = "|".join((
    "sent", "gesendet", "envoyé(?: le)?", "enviad[oa]s?(?: el| em)?", "inviato(?: il)?",
    "verzonden",
    "wysłan[oaey]", "odesláno", "odoslané", "skickat", "sendt", "lähetetty", "отправлено",
    "надіслано",
    "изпратено", "gönderildi", "gönderilen", "elküldve", "发送时间", "寄件日期", "送信日時", "보낸 날짜",
    "στάλθηκε", "εστάλη", "απεσταλμένα", "تم الإرسال", "تاريخ الإرسال", "أرسلت", "trimis",
    "poslano", "đã gửi",
    "ngày gửi", "terkirim", "dikirim", "ส่ง", "ส่งเมื่อ", "נשלח", "saadetud", "išsiųsta",
    "nosūtīts", "ارسال شده",
))  # fmt: skip
# ... and these everybody says of anything.
SENT = SENT_STRICTLY + "|" + "|".join((
    "date", "datum", "fecha", "data", "dato", "päivämäärä", "дата", "tarih", "dátum", "日期",
    "날짜",
    "ημερομηνία", "التاريخ", "dată", "ngày", "tanggal", "วันที่", "תאריך", "päiväys", "日付",
))  # fmt: skip

TO = "|".join((
    "to", "an", "à", "a", "para", "aan", "do", "komu", "till", "til", "vastaanottaja", "кому",
    "до", "kime",
    "alıcı", "címzett", "收件人", "收件者", "宛先", "받는 사람", "אל", "إلى", "προς", "către", "za",
    "tới", "đến",
    "kepada", "ถึง", "prima", "primatelj", "destinatario", "destinataire", "cc", "kopie",
    "kopia", "копия",
))  # fmt: skip

SUBJECT = "|".join((
    "subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "temat",
    "předmět", "predmet",
    "ämne", "emne", "aihe", "тема", "относно", "konu", "tárgy", "主题", "主旨", "件名", "제목",
    "נושא", "الموضوع",
    "θέμα", "subiect", "zadeva", "chủ đề", "subjek", "perihal", "เรื่อง", "teema", "tema",
    "موضوع",
))  # fmt: skip

WROTE = "|".join((
    "wrote", "writes", "schrieb", "schreibt", "geschrieben", "a écrit", "escribió",
    "escribio", "escreveu",
    "ha scritto", "schreef", "geschreven", r"napisał(?:\(a\)|a)?", r"napisal(?:\(a\)|a)?",
    "napísala?", "skrev",
    "kirjoitti", "написала?", "написа", "пишет", "пише", "yazdı", "írta", "a scris", "έγραψε",
    "写道", "寫道",
    "書きました", "님이 작성", r"כת[בה]{1,2}", "מאת", "كتب", "napisa(?:o|la)", "đã viết", "menulis", "เขียน",
    "kirjutas",
    "rašė", "rakstīja", "نوشت", "va escriure", "ने लिखा",
))  # fmt: skip

# What stands between rules over an earlier mail: "----- Original Message -----".
ORIGINAL = "|".join((
    "original message", "original appointment", "ursprüngliche nachricht",
    "originalnachricht", "message d'origine",
    "message original", "message d’origine", "mensaje original", "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht", "oprindelig meddelelse", "oprindelig besked", "original besked",
    "opprinnelig melding",
    "ursprungligt meddelande",
    "alkuperäinen viesti", "исходное сообщение", "пересылаемое сообщение",
    "вихідне повідомлення",
    "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva", "pôvodná správa",
    "eredeti üzenet",
    "orijinal mesaj", "özgün ileti", "mesaj original", "mesajul original", "αρχικό μήνυμα",
    "izvorna poruka",
    "الرسالة الأصلية", "thư gốc", "tin nhắn gốc", "pesan asli", "ข้อความต้นฉบับ",
    "הודעה מקורית", "原始邮件",
    "原始郵件", "元のメッセージ", "원본 메시지", "original-nachricht", "reply message", "forwarded message",
    "forwarded by .{1,60}", "forwarded message from .{1,60}", "weitergeleitete nachricht",
    "message transféré",
    "message réexpédié", "mensaje reenviado", "mensagem encaminhada", "messaggio inoltrato",
    "doorgestuurd bericht",
    "videresendt meddelelse", "vidarebefordrat meddelande", "vidarebefordrat brev",
    "przekazana wiadomość",
    "пересланное сообщение", "turinys", "begin forwarded message", "转发的邮件", "転送されたメッセージ",
))  # fmt: skip

SENT_FROM = "|".join((
    "sent (?:from|via|using|with|by)", "gesendet (?:von|mit|über|aus)", "verfasst (?:mit|auf)",
    "(?:envoyé|expédié) (?:de|depuis|à partir|avec|via)",
    "enviado (?:desde|do|da|a partir|de|con|com|pelo|via)",
    "inviato (?:da|dal|con)", "(?:verstuurd|verzonden|gestuurd) (?:vanaf|met|via|vanuit|van)",
    "wysłan[eoay] (?:z|za)", "(?:odesláno|odoslané) z", "skickat (?:från|med)",
    "sendt (?:fra|med)",
    "lähetetty", "отправлено (?:с|из|от)", "надіслано (?:з|із)", "изпратено от",
    "trimis (?:de pe|din)",
    "στάλθηκε (?:από|με)", "εστάλη από", "poslano (?:s|sa|iz)", "đã gửi từ",
    "(?:dikirim|terkirim) dari",
    "ส่งจาก", "נשלח מ", r"(?:تم الإرسال|أ?ُ?رسلت|أُرسلت|مرسل) (?:من|بواسطة)", "saadetud",
    "išsiųsta iš",
))  # fmt: skip

DEVICE = "|".join((
    r"iphon\w{1,6}", "ipad", "ipod", "android", "outlook", "yahoo", "gmail", "gmx", r"web\.de",
    "samsung", "galaxy",
    "blackberry", "huawei", "xiaomi", "redmi", "pixel", "proton", "tuta", "windows",
    "smartphone", "handy",
    r"mobil\w*", "móvil", "movil", "téléphone", "telef[oó]n", "tel[eé]fono", "telefoon",
    "phone", "tablet",
    "spark", "airmail", "zoho", "bluemail", "mailbox", "k-9", "aquamail", "thunderbird",
    "fairphone", "oneplus",
    "nokia", "motorola", "lenovo", "honor", "oppo", "vivo", "sony", "htc", "lg", "alcatel",
    "cell", "device",
    "телефона?", "айфона?", "κινητό", "điện thoại", "ponsel", "gerät",
))  # fmt: skip

# Lines that are whole without a device's name.
ADVERTISED = "|".join((
    r"(?:[\w\"'.]{2,20} ){0,3}outlook (?:for|für|pour|para|per|voor|til|för|dla) "
    "(?:ios|android|iphone|mac|windows)"
    r"(?: \w+)?",
    r"(?:get|download|hol\w*|téléchargez|obtén|scarica) (?:sie )?"
    r"\[?(?:outlook|bluemail|spark|airmail|yahoo mail)\b.{0,40}",
    r"(?:mein\w*|my|mon|mi|il mio) iphone(?:\s?\d+)?",
    r"diese (?:nachricht|e-?mail) wurde .{0,60} (?:gesendet|geschickt|verschickt|verfasst)",
    r"von (?:mein\w*|dem|unterwegs).{0,50} (?:gesendet|geschickt|verschickt|geschrieben|versendet|diktiert)",
    r"(?:envoyé|écrit) depuis mon .{2,30}",
    r"iphone\s?から送信", r"(?:iphone|android|携帯)\S{0,10}から送信(?:され.{0,6})?",
    r"(?:发自|發自|来自|來自)我的.{1,30}", r"[从從自]我的.{1,30}(?:发送|傳送|寄出|發送)",
    r"(?:나의|내) .{1,20}(?:에서|로) (?:보냄|전송|보내기)", r".{1,20}에서 보냄",
    r"\S{2,20}(?:'|’)?(?:[ıiuü]m)?(?:dan|den|tan|ten) gönderildi", r"\S{2,20}[ -]r[óo]l küldve",
    r"(?:az )?\S{2,30} (?:készülékemről )?küldve", r"elküldve az .{2,30}",
))  # fmt: skip

AUTOMATIC_SUBJECT = "|".join((
    r"auto(?:matic|mated)?[ -]?(?:reply|response)\s?(?::|$)",
    r"out of (?:the )?office\s?(?::|$|auto|reply)",
    r"ooo\s?:", r"abwesenheits?(?:notiz|benachrichtigung|meldung|nachricht|assistent)",
    r"abwesen(?:d|heit)\s?:",
    r"automatische? (?:antwort|nachricht)\s?(?::|$)", r"réponse automatique\s?(?::|$)",
    r"respuesta automática\s?(?::|$)", r"risposta automatica\s?(?::|$)",
    r"resposta automática\s?(?::|$)",
    r"automatisch antwoord\s?(?::|$)", r"autosvar\s?(?::|$)", r"automatiskt? svar\s?(?::|$)",
    r"automaattinen vastaus\s?(?::|$)",
    r"(?:automatyczna odpowiedź|odpowiedź automatyczna)\s?(?::|$)",
    r"автоответ\s?(?::|$)", r"автоматический ответ\s?(?::|$)",
    r"автоматична відповідь\s?(?::|$)",
    r"automatická odpověď\s?(?::|$)", r"automatikus válasz\s?(?::|$)",
    r"otomatik yanıt\s?(?::|$)",
    r"răspuns automat\s?(?::|$)", r"αυτόματη απάντηση\s?(?::|$)", r"رد تلقائي\s?(?::|$)",
    r"מענה אוטומטי\s?(?::|$)",
    r"自动回复", r"自動回覆", r"自動返信", r"自動応答", r"자동 회신", r"자동 응답",
    r"trả lời tự động\s?(?::|$)",
    r"balasan otomatis\s?(?::|$)", r"fuori sede\s?(?::|$)", r"fuera de la oficina\s?(?::|$)",
))  # fmt: skip
