"""Turn an HTML mail into text, without what mail programs mark as quote or signature."""

from __future__ import annotations

from html.parser import HTMLParser

VOID_TAGS = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
}  # fmt: skip
SKIPPED_TAGS = {"head", "script", "style", "title", "template", "object", "svg", "math"}
BLOCK_TAGS = {
    "address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
SPACED = {"p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}  # an empty line before
QUOTE_CLASSES = {  # of Gmail, Thunderbird, Yahoo, Proton, Zoho, Tuta, GMX, Outlook
    "gmail_quote", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "yahoo_quoted_begin", "protonmail_quote",
    "zmail_extra", "tutanota_quote", "gmx_quote", "outlookmessageheader",
}  # fmt: skip
SIGNATURE_CLASSES = {
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block",
}  # fmt: skip
SIGNATURE_IDS = {"signature", "ms-outlook-mobile-signature", "x_signature"}
# Everything after an element with one of these ids is a quote.
REST_QUOTED_IDS = {"appendonsend", "divrplyfwdmsg", "mail-editor-reference-message-container", "replysplit"}
MAX_DEPTH = 200  # nested elements; deeper ones are not tracked
MAX_LABEL = 2_000  # characters of a link's text


def html_to_text(html: str) -> str:
    """Return the text of an HTML mail, with links behind their words and "> " before a quote."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.text).split("\n")]
    return "\n".join(lines).strip("\n")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self._open: list[tuple[str, bool]] = []  # open elements, and whether each is left out
        self._over = False
        self._href = ""
        self._label = ""
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._over = self._over or given.get("id", "").lower() in REST_QUOTED_IDS
        if tag == "br":
            self._write("\n")
        elif tag == "hr":
            self._write("\n\n")
        elif tag == "img":
            # An emoji as a picture; longer texts describe the picture.
            self._write(given.get("alt", "") if len(given.get("alt", "")) <= 4 else "")
        if tag in VOID_TAGS:
            return
        if len(self._open) < MAX_DEPTH:
            is_quote = not self._is_left_out and _is_quote(tag, given)
            if is_quote:
                # A mark of a quote, so that quote_stripping.py recognises the line above as its introduction.
                self._write("\n> \n")
            self._open.append((tag, self._is_left_out or is_quote or _is_silent(tag, given)))
        self._pre += tag == "pre"
        if tag in BLOCK_TAGS:
            self._break(spaced=tag in SPACED)
        if tag == "li":
            self._write("- ")
        if tag == "a":
            self._href, self._label = given.get("href", ""), ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        if tag in BLOCK_TAGS:
            self._break(spaced=tag in SPACED)
        if tag in ("td", "th"):
            self._write(" ")
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        self._pre -= tag == "pre" and self._pre > 0

    def handle_data(self, data: str) -> None:
        if self._href and len(self._label) < MAX_LABEL:
            self._label += data
        self._write(
            data
            if self._pre
            else " ".join(f".{data}.".split())[1:-1]
            if data.strip()
            else " "
            if data
            else ""
        )

    def _end_link(self) -> None:
        address = self._href.strip()
        if address.startswith(("http://", "https://")) and address.rstrip("/") not in self._label:
            self._write(f" ({address})")
        self._href = ""

    @property
    def _is_left_out(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _write(self, text: str) -> None:
        if not self._is_left_out and not self._over:
            self.text.append(text)

    def _break(self, *, spaced: bool) -> None:
        """Begin a new line, or a new paragraph, unless the text is at one."""
        written = "".join(self.text[-8:]).rstrip(" ")
        if not self.text or not written:
            return
        missing = (2 if spaced else 1) - (len(written) - len(written.rstrip("\n")))
        self._write("\n" * max(0, missing))


def _is_quote(tag: str, given: dict[str, str]) -> bool:
    if (
        set(given.get("class", "").lower().split()) & QUOTE_CLASSES
        or given.get("name", "").lower() == "messagereplysection"
    ):
        return True
    return tag == "blockquote" and (
        given.get("type", "").lower() == "cite" or "border-left" in given.get("style", "")
    )


def _is_silent(tag: str, given: dict[str, str]) -> bool:
    hidden = given.get("style", "").replace(" ", "").lower()
    signs = (
        set(given.get("class", "").lower().split()) & SIGNATURE_CLASSES
        or given.get("id", "").lower() in SIGNATURE_IDS
    )
    return tag in SKIPPED_TAGS or bool(signs) or "display:none" in hidden or "hidden" in given
