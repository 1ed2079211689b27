"""Where the tests find what they need: the repository's sample, its recipes, and the command that was built beside the package."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "tests" / "fixtures" / "quickstart.warc.gz"
RECIPE = ROOT / "pipelines" / "quickstart.toml"
COMMAND = Path(os.environ.get("OBELISC_COMMAND", ROOT / "target" / "debug" / "obelisc"))

# A recipe without images, whose runs take a moment.
SHORT = """
stages = ["extract", "filter", "finish"]
finish.images = "url"

[rules.paragraph.word_count]
min_words = 4
"""


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
