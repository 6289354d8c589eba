"""Saved replies from and to CSV files, as spreadsheets write them."""

from __future__ import annotations

import io

import pytest

from wellchat.errors import Invalid
from wellchat.saved_replies import actions, queries
from wellchat.saved_replies.csv_files import read_rows, write_rows
from wellchat.saved_replies.models import EVERYBODY, SavedReply

PAGE = "/settings/replies"
TEXT = 'He said "no"; twice,\nthen left.'

FILES = {
    "commas": b'title,text\r\nBye,"He said ""no""; twice,\nthen left."\r\n',
    "semicolons, a mark and no header": '\ufeffBye;"He said ""no""; twice,\nthen left."'.encode(),
    "tabs and old line ends": b'title\ttext\rBye\t"He said ""no""; twice,\nthen left."\r',
    "UTF-16, as Excel calls Unicode": 'title\ttext\r\nBye\t"He said ""no""; twice,\r\nthen left."'.encode(
        "utf-16"
    ),
    "empty rows and columns": b'Title;Text;;\n\n;;;\nBye;"He said ""no""; twice,\nthen left.";;\n',
}


@pytest.mark.parametrize("content", FILES.values(), ids=list(FILES))
def test_files_of_spreadsheets_are_read(app, content):
    good, bad = read_rows(content)
    assert bad == []
    assert [(form.title, form.body) for _, form in good] == [("Bye", TEXT)]


def test_commas_in_a_text_do_not_make_columns(app):
    good, bad = read_rows(b"Address;Main street 5, second floor\nPrice;Colour, from 60\nHello;Hi\n")
    assert bad == []
    assert [form.body for _, form in good] == ["Main street 5, second floor", "Colour, from 60", "Hi"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"title,text\n",
        b"\xff\xfe\x00",
        "Grüße;Hallo".encode("latin-1"),
        b'a,"b',
        b"x" * 5_000_000,
        b"\n" * 6_000,
    ],
)
def test_what_is_no_file_of_replies_is_refused_with_a_sentence(app, browse, cast, everything, content):
    before = everything()
    with pytest.raises(Invalid) as refusal:
        read_rows(content)
    page = browse(cast.paul).post(f"{PAGE}/import", data={"file": (io.BytesIO(content), "a.csv")})
    assert page.status_code in (413, 422)
    if page.status_code == 422:
        assert refusal.value.errors["file"].split("“")[0][:20] in page.text
    assert everything() == before


MIXED = (
    "title;text\n"
    "Good;Hello {first_name}\n"
    "Bad;Hello {nobody}\n"
    ";No title\n"
    "Good;The same title\n"
    "Three;columns;here\n"
    f"{'x' * 81};Long title\n"
    "Other;Fine\n"
).encode()


def send(page, content, **more):
    return page.post(f"{PAGE}/import", data={"file": (io.BytesIO(content), "a.csv"), **more})


def test_a_row_that_is_refused_keeps_all_out_and_is_named(browse, cast, everything):
    before = everything()
    answer = send(browse(cast.paul), MIXED)
    assert answer.status_code == 422
    for line in (
        "Row 3: There is no placeholder",
        "Row 4: ",
        "Row 5: There is a saved reply",
        "Row 6: ",
        "Row 7: ",
    ):
        assert line in answer.text
    assert "Row 2:" not in answer.text
    assert everything() == before


def test_by_choice_the_good_rows_are_taken(browse, cast):
    answer = send(browse(cast.paul), MIXED, good_only="1")
    assert answer.status_code == 200
    assert "2 saved replies were taken." in answer.text
    assert [reply.title for reply in queries.all_of(cast.paul.id)] == ["Good", "Other"]


def test_what_is_there_and_what_is_too_much_is_refused(app, cast, now, monkeypatch):
    monkeypatch.setattr(actions, "MAX_REPLIES", 2)
    take = {"shelf": cast.paul.id, "now": now}
    assert actions.import_replies(content=b"a,1\nb,2\n", good_only=False, **take).taken == 2
    done = actions.import_replies(content=b"a,3\nc,4\n", good_only=True, **take)
    assert (done.taken, [number for number, _ in done.refused]) == (0, [1, 2])
    assert [reply.body for reply in queries.all_of(cast.paul.id)] == ["1", "2"]


def test_what_was_exported_is_imported_as_it_was(app, browse, cast, now):
    texts = [TEXT, "=1+1", "'=1+1", "-5 %", "@home", "'tis", " spaced ", "Grüße 🎉", "a\r\nb"]
    replies = [SavedReply(title=f"{at}", body=text) for at, text in enumerate(texts)]
    content = write_rows(replies)
    assert b"\r\n1,=1" not in content  # no spreadsheet takes it for a formula
    good, bad = read_rows(content)
    assert bad == []
    assert [form.body for _, form in good] == [text.strip().replace("\r\n", "\n") for text in texts]
    actions.import_replies(shelf=EVERYBODY, content=content, good_only=False, now=now)
    sent = browse(cast.ada).get("/oversight/replies/export")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="saved-replies.csv"'
    assert len(read_rows(sent.data)[0]) == len(texts)
    assert browse(cast.paul).get(f"{PAGE}/export").data == write_rows([])
