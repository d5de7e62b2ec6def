"""Archives of pretrained models, for `zoo.load` to fetch: `python -m tools.archives FOLDER` writes them all.

    python -m tools.archives FOLDER realnvp_digits ...    # or some of them

The same export gives the same archive, byte for byte. `python -m tools.publish` writes its sha256 into the table, and
this refuses to write an archive with another hash.
"""

import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path

from tfflows import versions
from tfflows.errors import InputError, check
from tfflows.files import atomic_write
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


def main(arguments: list[str]) -> None:
    """Writes archives into the folder given first: of all models, or of those named after it."""
    try:
        check(bool(arguments), "Expected a folder, and names of models or none.", arguments=arguments)
        target, *names = arguments
        unknown = sorted(set(names) - set(list_pretrained()))
        check(not unknown, f"Expected names of {list_pretrained()}.", names=unknown)
        for name in names or list_pretrained():
            print(write(name, Path(target)), flush=True)
    except InputError as error:
        sys.exit(f"tools.archives: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
