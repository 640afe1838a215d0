"""Alembic's entry: migrations run on the connection that `Database.migrate` hands over."""

from alembic import context

from newsletter.schema import metadata

connection = context.config.attributes["connection"]
# SQLite cannot alter most things in place; batch mode copies the table instead.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
