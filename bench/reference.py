"""The least that a webhook has to do: check the secret, keep the update, commit, say 200.

    python -m bench.reference PORT DATABASE_URL

What `bench.turns` compares with: the same framework, server and database in the same run.
"""

import asyncio
import hmac
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, Request, Response

from bench.stand import SECRET
from store.session import driver_url, postgres_engine, sqlite_engine

_TABLE = sa.Table(
    "reference",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("update_id", sa.BigInteger, unique=True),
    sa.Column("body", sa.Text),
)


def make_app(database_url: str) -> FastAPI:
    """The webhook over one database."""
    url = driver_url(database_url)
    on_sqlite = url.get_backend_name() == "sqlite"
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE") if on_sqlite else postgres_engine(url)
    _TABLE.create(engine, checkfirst=True)
    threads = ThreadPoolExecutor(1 if on_sqlite else 8)
    insert = sa.insert(_TABLE)

    def keep(number: int, body: str) -> None:
        with engine.begin() as connection:
            connection.execute(insert, {"update_id": number, "body": body})

    app = FastAPI(openapi_url=None)

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(b"ready")

    @app.post("/webhook/telegram")
    async def take(request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), SECRET.encode()):
            return Response(status_code=403)
        body = await request.body()
        number = json.loads(body)["update_id"]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(threads, keep, number, body.decode())
        return Response(status_code=200)

    return app


if __name__ == "__main__":
    uvicorn.run(
        make_app(sys.argv[2]),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        server_header=False,
    )
