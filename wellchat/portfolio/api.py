"""JSON calls of the portfolio. The docstrings are published in /openapi.json."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from wellchat import clock
from wellchat.portfolio import actions, queries
from wellchat.portfolio.forms import AnswerAsk, AskForConsent, ListGallery, SetLabel
from wellchat.portfolio.serializers import Asks, Gallery, LabelShape, OneAsk, ask_json, shown_json
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "portfolio_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Portfolio", "description": "Pictures that a professional may show, with consent."},
)


@api.get("/portfolio")
@signed_in
@api.input(ListGallery, location="query", arg_name="page")
@api.output(Gallery)
def list_portfolio(page: ListGallery) -> Response:
    """List the pictures of all clients that I may show, the latest consent first. For professionals."""
    found, following = queries.gallery(viewer(), label=page.label, before=page.before)
    return json_response({"pictures": [shown_json(each) for each in found], "next": following})


@api.put("/portfolio/pictures/<attachment_id>")
@signed_in
@limiter.limit("120/minute")
@api.input(SetLabel, location="json", arg_name="body")
@api.output(LabelShape)
def label_picture(attachment_id: str, body: SetLabel) -> Response:
    """Label a picture of one of my threads. For its professional."""
    actions.set_label(viewer=viewer(), attachment_id=attachment_id, label=body.label, now=clock.now())
    return json_response({"attachment_id": attachment_id, "label": body.label})


@api.post("/threads/<thread_id>/portfolio/asks")
@signed_in
@limiter.limit("30/hour")
@api.input(AskForConsent, location="json", arg_name="body")
@api.output(OneAsk, status_code=201)
@api.doc(responses={403: "Nobody writes in this thread"})
def ask_for_consent(thread_id: str, body: AskForConsent) -> Response:
    """Ask the client whether pictures of the thread may be shown. For its professional.

    The question is a message with a `card`. About one picture a client is asked once in 30 days.
    """
    made = actions.ask(viewer=viewer(), thread_id=thread_id, now=clock.now(), **body.model_dump())
    return _one(made.id, 201)


@api.get("/portfolio/asks")
@signed_in
@api.output(Asks)
def list_asks() -> Response:
    """List the questions that I asked, or was asked, with every answer; 100 at most."""
    return json_response({"asks": [ask_json(each) for each in queries.asks_of(viewer())]})


@api.put("/portfolio/asks/<ask_id>")
@signed_in
@limiter.limit("60/minute")
@api.input(AnswerAsk, location="json", arg_name="body")
@api.output(OneAsk)
@api.doc(responses={403: "They write to each other no more", 409: "The question is over"})
def answer_ask(ask_id: str, body: AnswerAsk) -> Response:
    """Answer a question to me. A `no` after a `yes` takes it back, and the pictures are gone at once."""
    actions.answer(viewer=viewer(), ask_id=ask_id, says_yes=body.answer == "yes", now=clock.now())
    return _one(ask_id)


@api.delete("/portfolio/asks/<ask_id>/pictures/<attachment_id>")
@signed_in
@limiter.limit("60/minute")
@api.output(OneAsk)
def revoke_picture(ask_id: str, attachment_id: str) -> Response:
    """Take back my yes to one picture. It is gone at once, wherever it was shown."""
    actions.revoke(viewer=viewer(), ask_id=ask_id, attachment_id=attachment_id, now=clock.now())
    return _one(ask_id)


def _one(ask_id: str, status: int = 200) -> Response:
    return json_response({"ask": ask_json(queries.ask_for(viewer(), ask_id))}, status)
