"""Archives of pretrained models, for `zoo.load` to fetch: `python -m tools.archives FOLDER` writes them all.

    python -m tools.archives FOLDER realnvp_digits ...    # or some of them

The same export gives the same archive, byte for byte. `python -m tools.publish` writes its sha256 into the table, and
this refuses to write an archive with another hash.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tfflows import versions
from tfflows.errors import check
from tfflows.files import atomic_write
from tools import command
from zoo.pretrained import exported_folder, list_pretrained, rows


def packed(folder: Path) -> bytes:
    """The newest version of the export in `folder` as `<id>.tar.gz`, without times and owners.

    Raises:
        InputError: There is no version.
    """
    version = folder / str(versions.select(folder))
    archive = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=archive, mtime=0, compresslevel=6) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in sorted(path for path in version.rglob("*") if path.is_file()):
            member = tarfile.TarInfo(path.relative_to(folder.parent).as_posix())
            member.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(member, file)
    return archive.getvalue()


def sha256(folder: Path) -> str:
    """Hash of the archive of the export in `folder`, in hexadecimal digits."""
    return hashlib.sha256(packed(folder)).hexdigest()


def write(name: str, target: Path) -> Path:
    """Writes the archive of the pretrained model `name` into the folder `target`.

    Raises:
        InputError: Its hash is not the one in the table.
    """
    (row,) = [row for row in rows() if row["id"] == name]
    archive = packed(exported_folder(name))
    found = hashlib.sha256(archive).hexdigest()
    rule = f"Expected the archive of {name!r} to have sha256={row['sha256']!r}: run python -m tools.publish first."
    check(found == row["sha256"], rule, sha256=found)
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{name}.tar.gz"
    with atomic_write(path) as beside:
        beside.write_bytes(archive)
    return path


def main(argv: Sequence[str] | None = None) -> None:
    """Writes archives into a folder: of all models, or of those that are named."""
    parser = command.parser(__doc__)
    parser.add_argument("folder", type=Path, help="folder of the archives")
    parser.add_argument("names", nargs="*", help="ids of pretrained models (default: all)")
    given = parser.parse_args(argv)
    with command.errors_in_one_line("tools.archives"):
        unknown = sorted(set(given.names) - set(list_pretrained()))
        check(not unknown, f"Expected names of {list_pretrained()}.", names=unknown)
        for name in given.names or list_pretrained():
            print(write(name, given.folder), flush=True)


if __name__ == "__main__":
    main()
