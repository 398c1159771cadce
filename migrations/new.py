"""Write a new migration from what the tables say and the migrations do not yet: `make migration m="..."`.

It compares with a database of its own, made for this and thrown away. Read what it wrote: Alembic sees
neither sequences nor changed check constraints nor changed predicates of indexes, and the tests do.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from app.store import schema
from app.store.embedded import EmbeddedPostgres
from app.store.engine import connect


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as home, EmbeddedPostgres.start(Path(home), fast=True) as server:
        engine = connect(server.url)
        schema.upgrade(engine)
        config = schema.configuration()
        # What Alembic writes needs the house's form.
        config.set_section_option("post_write_hooks", "hooks", "fix, format")
        for hook, options in (("fix", "check --fix --select=I,Q,F401 --quiet"), ("format", "format --quiet")):
            config.set_section_option("post_write_hooks", f"{hook}.type", "module")
            config.set_section_option("post_write_hooks", f"{hook}.module", "ruff")
            config.set_section_option(
                "post_write_hooks", f"{hook}.options", f"{options} REVISION_SCRIPT_FILENAME"
            )
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, message=message, autogenerate=True)
        # Alembic writes SQL as it is handed to the driver, with each % doubled; migrations double it again.
        written = Path(script.path)
        written.write_text(written.read_text().replace("%%", "%"))
        engine.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or sys.exit('say what it does: make migration m="add skills to people"'))
