"""Regular expressions for what mail programs write into replies, in many languages.

quote_stripping.py looks at shapes first, and uses these where the shape is not enough.
"""

from __future__ import annotations

FROM = "|".join((
    "from", "von", "absender", "de", "expéditeur", "da", "mittente", "remitente", "remetente", "van",
    "afzender", "od", "nadawca", "odesílatel", "från", "fra", "lähettäjä", "от", "від", "kimden",
    "gönderen", "feladó", "发件人", "寄件者", "寄件人", "差出人", "보낸 사람", "מאת", "من",
))  # fmt: skip

SENT = "|".join((
    "sent", "date", "gesendet", "datum", "envoyé", "enviad[oa]s?(?: el| em)?", "fecha", "data", "inviato",
    "verzonden", "wysłan[oaey]", "odesláno", "skickat", "sendt", "dato", "lähetetty", "päivämäärä",
    "отправлено", "дата", "надіслано", "tarih", "gönderildi", "dátum", "elküldve", "发送时间", "日期",
    "送信日時", "날짜", "보낸 날짜",
))  # fmt: skip

WROTE = "|".join((
    "wrote", "writes", "schrieb", "schreibt", "a écrit", "escribió", "escribio", "escreveu", "ha scritto",
    "schreef", r"napisał(?:\(a\)|a)?", r"napisal(?:\(a\)|a)?", "skrev", "kirjoitti", "написала?", "пишет",
    "пише", "yazdı", "írta", "a scris", "έγραψε", "写道", "寫道", "書きました", "님이 작성", "כתבה?",
))  # fmt: skip

SENT_FROM = "|".join((
    "sent (?:from|via|using|with)", r"(?:diese nachricht wurde )?von mein\w+",
    "gesendet (?:von|mit|über|aus)", "envoyé (?:de|depuis|à partir|avec)",
    "enviado (?:desde|do|da|a partir|de|con|com|pelo)", "inviato (?:da|dal|con)",
    "(?:verstuurd|verzonden) (?:vanaf|met|via)", "wysłan[eoay] (?:z|za)", "odesláno z", "skickat från",
    "sendt (?:fra|med)", "lähetetty", "отправлено (?:с|из)", "надіслано (?:з|із)", "trimis de pe",
))  # fmt: skip

DEVICE = "|".join((
    "iphone", "ipad", "android", "outlook", "yahoo", "gmail", "gmx", r"web\.de", "samsung", "galaxy",
    "blackberry", "huawei", "xiaomi", "pixel", "proton", "tuta", "windows", "smartphone", "handy",
    "mobil", "móvil", "movil", "téléphone", "telefon", "phone", "tablet",
))  # fmt: skip

GET = "|".join((
    "get", r"hol\w*(?: sie sich)?", "téléchargez", "obtenir", "obtén", "obtener", "obter", "ottieni",
    "scarica", "download", "pobierz", "hämta", "hent", "få",
))  # fmt: skip

ADVERTISED = (
    rf"(?:(?:{GET}) )?outlook (?:for|für|pour|para|per|voor|til|för|dla) (?:ios|android|iphone|mac)",
    r"iphone\s?から送信",
    "发自我的",
    "從我的",
)
SENT_FROM_DEVICE = "|".join((rf"(?:{SENT_FROM})\b.{{0,60}}(?:{DEVICE})", *ADVERTISED))

AUTOMATIC_SUBJECT = "|".join((
    r"auto(?:matic|mated)?[ -]?(?:reply|response)\b", r"out of (?:the )?office\b", "abwesen(?:d|heit)",
    "automatische? (?:antwort|nachricht)", "réponse automatique", "respuesta automática",
    "risposta automatica", "resposta automática", "automatisch antwoord", r"autosvar\b",
    "automaattinen vastaus", "automatyczna odpowiedź", "автоответ", "автоматический ответ", "自动回复",
    "自動返信", "自動応答",
))  # fmt: skip
