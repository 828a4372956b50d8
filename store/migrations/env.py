"""Run by Alembic: migrations over the connection that `store.migrate` hands in.

Migrations are written out in full and import no table of ours, so an old one still does
tomorrow what it did today. A test compares their result with the tables.
"""

import sqlalchemy as sa
from alembic import context

_LOCK = 0x747261_6D
_LIMITS = ("statement_timeout", "lock_timeout")

connection: sa.Connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # A migration may take its time, and whoever starts beside it waits for it.
    for limit in _LIMITS:
        connection.execute(sa.text(f"SET {limit} = 0"))
    connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
    connection.commit()
try:
    context.configure(connection=connection, transaction_per_migration=True, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
finally:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
        for limit in _LIMITS:
            connection.execute(sa.text(f"RESET {limit}"))
        connection.commit()
