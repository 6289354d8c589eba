"""Turn an HTML mail into text whose lines say what each was marked as: a quote, a signature, neither."""

from __future__ import annotations

from html.parser import HTMLParser

from wellchat.replies.mailtext import marks

VOID_TAGS = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
}  # fmt: skip
SKIPPED_TAGS = {"head", "script", "style", "title", "template", "object", "svg", "math"}
BLOCK_TAGS = {
    "address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
}  # fmt: skip
SPACED = {"p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}  # an empty line before
QUOTE_CLASSES = {  # of Yahoo, Proton, Zoho, Tuta, GMX, Outlook
    "yahoo_quoted", "yahoo_quoted_begin", "protonmail_quote", "zmail_extra", "tutanota_quote", "gmx_quote",
    "outlookmessageheader",
}  # fmt: skip
INTRODUCTION_CLASSES = {"gmail_attr", "moz-cite-prefix"}
SIGNATURE_CLASSES = {
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block",
}  # fmt: skip
SIGNATURE_IDS = {"signature", "ms-outlook-mobile-signature", "x_signature"}
# Everything after an element with one of these ids is a quote.
REST_QUOTED_IDS = {"appendonsend", "divrplyfwdmsg", "mail-editor-reference-message-container", "replysplit"}
MAX_ELEMENTS = 40_000  # more are not read: see marks.UNREAD
MAX_PIECES = 4 * MAX_ELEMENTS  # of text, and ends of elements
MAX_DEPTH = 200  # nested elements; deeper ones are not tracked
MAX_LABEL = 2_000  # characters of a link's text
ICON = 48  # pixels; a smaller picture is a decoration
HIDDEN = "hidden"  # as a mark: not written at all


def html_to_text(html: str) -> str:
    """Return the text of an HTML mail, with links behind their words, "> " before what is quoted, and marks.

    `split_reply` reads the marks; `marks.without_marks` removes them.
    """
    reader = _Reader()
    try:
        reader.feed(_without_openings(html))
        reader.close()
    except _Full:
        return f"{reader.lines()}\n{marks.UNREAD}"
    return reader.lines()


def _without_openings(html: str) -> str:
    """Return HTML in which what begins a comment, a section or a tag, and has no end, is text.

    The parser looks for the end of each through all that follows, so many would take it minutes.
    """
    for begin, end in (("<!--", "-->"), ("<![", "]"), ("<", ">")):
        last = html.rfind(end) + 1
        html = html[:last] + html[last:].replace(begin, f"&lt;{begin[1:]}")
    return html


class _Full(Exception):
    """There are more elements, or pieces of text, than anybody writes."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._runs: list[tuple[str, list[str]]] = [("", [])]  # a mark, and what stands below it
        self._open: list[tuple[str, str]] = []  # open elements, and the mark of each
        self._numbers: list[int] = []  # of open lists: the last number; -1: bullets
        self._href = ""
        self._label = ""
        self._pre = 0
        self._elements = 0
        self._pieces = 0

    def lines(self) -> str:
        """Return what was read, one mark before each line."""
        found: list[str] = []
        for mark, written in self._runs:
            text = "".join(written)
            lines = [" ".join(line.split()).replace(marks.SPACE, " ") for line in text.split("\n")]
            if mark == marks.REST_QUOTED:
                found += [mark, *lines]
            elif mark:
                found.append("")
                sign = "> " if mark == ">" else mark
                found += [f"{sign}{line}".rstrip(" ") for line in "\n".join(lines).strip("\n").split("\n")]
                found.append("")
            else:
                found += lines
        return "\n".join(found).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _Full
        given = {name: value or "" for name, value in attrs}
        if given.get("id", "").lower() in REST_QUOTED_IDS and self._mark == "":
            self._runs.append((marks.REST_QUOTED, []))
        if tag == "br":
            self._write("\n")
        elif tag == "hr":
            self._write("\n\n")
        elif tag == "img":
            self._write(self._picture(given))
        if tag in VOID_TAGS:
            return
        if len(self._open) < MAX_DEPTH:
            # The outermost mark counts: a signature within a quote is quoted.
            self._open.append((tag, self._mark or _mark_of(tag, given)))
        self._pre += tag == "pre"
        if tag in BLOCK_TAGS:
            self._break(spaced=tag in SPACED)
        if tag in ("ol", "ul"):
            self._numbers.append(0 if tag == "ol" else -1)
        if tag == "li":
            self._write(self._bullet())
        if tag == "a":
            self._href, self._label = given.get("href", ""), ""

    def handle_endtag(self, tag: str) -> None:
        self._count_piece()
        if tag == "a":
            self._end_link()
        if tag in BLOCK_TAGS:
            self._break(spaced=tag in SPACED)
        if tag in ("td", "th"):
            self._write(" ")
        if tag in ("ol", "ul") and self._numbers:
            self._numbers.pop()
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        self._pre -= tag == "pre" and self._pre > 0

    def _count_piece(self) -> None:
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            raise _Full

    def handle_data(self, data: str) -> None:
        self._count_piece()
        if self._href and len(self._label) < MAX_LABEL:
            self._label += data
        data = marks.without_marks(data)
        if self._pre:
            self._write(data.replace(" ", marks.SPACE))
        elif data.strip():
            self._write(" ".join(f".{data}.".split())[1:-1])
        elif data:
            self._write(" ")

    def _bullet(self) -> str:
        if not self._numbers or self._numbers[-1] < 0:
            return "- "
        self._numbers[-1] += 1
        return f"{self._numbers[-1]}. "

    def _picture(self, given: dict[str, str]) -> str:
        source, description = given.get("src", "").strip(), marks.without_marks(given.get("alt", ""))
        if source.lower().startswith("cid:"):
            sizes = [int(given[side]) for side in ("width", "height") if given.get(side, "").isdecimal()]
            # A logo is a link to its owner's page.
            is_decoration = bool(self._href) or any(size <= ICON for size in sizes)
            mark = marks.DECORATION if is_decoration else marks.PICTURE
            self._href = ""
            return f"{mark}{marks.without_marks(source[4:])[:200]}{marks.PICTURE_END}"
        # An emoji as a picture; longer texts describe the picture.
        return description if len(description) <= 4 else ""

    def _end_link(self) -> None:
        address = self._href.strip()
        if address.startswith(("http://", "https://")) and address.rstrip("/") not in self._label:
            self._write(f" ({address})")
        self._href = ""

    @property
    def _mark(self) -> str:
        return self._open[-1][1] if self._open else ""

    def _write(self, text: str) -> None:
        mark = self._mark
        if mark == HIDDEN:
            return
        current = self._runs[-1][0]
        if current not in (mark, marks.REST_QUOTED):
            self._runs.append((mark, []))
        self._runs[-1][1].append(text)

    def _break(self, *, spaced: bool) -> None:
        """Begin a new line, or a new paragraph, unless the text is at one."""
        mark, texts = self._runs[-1]
        written = "".join(texts[-8:]).rstrip(" ")
        if not written or mark not in (self._mark, marks.REST_QUOTED):
            return
        missing = (2 if spaced else 1) - (len(written) - len(written.rstrip("\n")))
        self._write("\n" * max(0, missing))


def _mark_of(tag: str, given: dict[str, str]) -> str:
    """Return the mark for what an element holds. "": it is the author's own text."""
    style = given.get("style", "").replace(" ", "").lower()
    if tag in SKIPPED_TAGS or "display:none" in style or "hidden" in given:
        return HIDDEN
    classes = set(given.get("class", "").lower().split())
    if classes & SIGNATURE_CLASSES or given.get("id", "").lower() in SIGNATURE_IDS:
        return marks.SIGNATURE
    if classes & INTRODUCTION_CLASSES:
        return marks.INTRODUCTION
    if classes & QUOTE_CLASSES or given.get("name", "").lower() == "messagereplysection":
        return ">"
    if tag != "blockquote":
        return ""
    # Gmail's <div class=gmail_quote> holds answers too, its <blockquote> does not.
    signed = "gmail_quote" in classes or given.get("type", "").lower() == "cite" or "border-left" in style
    return ">" if signed else marks.PERHAPS_QUOTED
