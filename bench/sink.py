"""A mail server that takes everything and keeps nothing: `python -m bench.sink --port 2525`."""

from __future__ import annotations

import asyncio
from typing import Any

import click
from aiosmtpd.smtp import SMTP


class Sink:
    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return "250 taken"


async def listen(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), loop=loop, hostname="sink"), "127.0.0.1", port)
    click.echo(f"answers on {port}")
    await server.serve_forever()


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    asyncio.run(listen(port))


if __name__ == "__main__":
    main()
