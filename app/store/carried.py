"""Where the folders lie that come with the program: `rules`, `demo` and `migrations`.

What must not live here: reading them. Nothing is imported that takes time, for settings ask this too.
"""

from __future__ import annotations

from pathlib import Path


def carried(name: str) -> Path:
    """Return the folder `name` that the wheel carries inside of the package and a checkout has beside it.

    Raises FileNotFoundError when there is neither.
    """
    package = Path(__file__).resolve().parents[1]
    # The wheel's first: beside an installed package lie other people's folders.
    for folder in (package / "_carried" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(name)
