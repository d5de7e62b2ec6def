"""Where the datasets are that TFDS has prepared: tests of real data are skipped without them."""

import os
from pathlib import Path

PLACES = (
    os.environ.get("TFDS_DATA_DIR", ""),
    Path(__file__).parents[1].parent / "shared" / "data" / "tfds",
    Path.home() / "tensorflow_datasets",
)
DATA_DIR = next((Path(place) for place in PLACES if place and Path(place).is_dir()), Path(PLACES[-1]))
