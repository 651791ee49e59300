"""After a package is saved: which older covers of the channel its own are nearly the same as; then it is kept, too."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from keyart.channel import Channel
from keyart.errors import KeyartError
from keyart.nearness.index import standing_index
from keyart.nearness.packages import add_package, warnings_for
from keyart.package import add_to_run


def told(folder: Path, channel: Channel | None) -> list[str]:
    """Lines to say, one a warning; `run.json` of the package holds them too, `package.json` never. None where no
    channel is in effect, or one without an index.

    A package is whole without its place in an index: what goes wrong there is a line as well, no error.
    """
    if channel is None or channel.index_folder is None:
        return []
    try:
        index = standing_index(channel.index_folder)
        warnings = warnings_for(folder, index)
        add_to_run(folder, {"near_covers": [asdict(one) for one in warnings]})
        add_package(folder, index)
    except (KeyartError, OSError) as err:
        return [f"the package is whole, but the channel's index was not asked: {err}"]
    return [str(one) for one in warnings]
