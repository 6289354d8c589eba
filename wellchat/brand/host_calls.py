"""The calls of the host API about trades."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from wellchat.brand import actions
from wellchat.brand.forms import PutTrade, checked_key
from wellchat.brand.models import TradeRow
from wellchat.errors import Invalid
from wellchat.host.answer_shapes import Written
from wellchat.host.calls import Answer, Caller, HostCall, host_call

CALLS: list[HostCall] = []


class HostTrade(BaseModel):
    """A trade. `labels`: language -> client, clients, professional, professionals; a word or absent."""

    key: str
    labels: dict[str, dict[str, str]]
    sensitive: bool


class PutTradeAnswer(Written):
    """The answer to a PUT of a trade."""

    trade: HostTrade


class Trades(BaseModel):
    """All trades, by key."""

    trades: list[HostTrade]


def trade_json(trade: TradeRow) -> dict[str, Any]:
    """Return a trade as JSON."""
    return {"key": trade.key, "labels": trade.labels, "sensitive": trade.sensitive}


@host_call(
    "PUT",
    "/trades/<ext:key>",
    scope="connections:write",
    into=CALLS,
    body=PutTrade,
    answers={
        200: ("Changed, or the same as before", PutTradeAnswer),
        201: ("Made", PutTradeAnswer),
    },
)
def put_trade(caller: Caller, key: str, body: PutTrade) -> Answer:
    """Say what a trade calls its two sides, in one language. `sensitive`: mails hold no words by default."""
    try:
        trade, changed = actions.put_trade(key=checked_key(key), form=body, now=caller.now)
    except ValueError as error:
        raise Invalid({"key": str(error)}) from None
    return Answer(201 if changed is None else 200, {"trade": trade_json(trade), "changed": changed or []})


@host_call("GET", "/trades", scope="connections:write", into=CALLS, answers={200: ("All trades", Trades)})
def list_trades(caller: Caller) -> Answer:
    """List the trades that connections can name."""
    return Answer(200, {"trades": [trade_json(each) for each in actions.all_trades()]})
