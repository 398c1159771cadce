"""What Alembic runs around the migrations.

Online on the connection that app/store/schema.py hands over; offline (`alembic upgrade --sql`) without any.
"""

from alembic import context

from app.store.tables import metadata

# One transaction per migration: what a crash leaves is a revision, never half of one.
OPTIONS = {
    "target_metadata": metadata,
    "compare_type": True,
    "compare_server_default": True,
    "transaction_per_migration": True,
}


def offline() -> None:
    context.configure(
        dialect_name="postgresql",
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def online() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        message = "run `closeloop migrate`, or for a new migration: make migration m='what it does'"
        raise SystemExit(message)
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    online()
