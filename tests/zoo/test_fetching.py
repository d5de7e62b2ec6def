"""Pretrained models that are not on disk are downloaded: verified, unpacked atomically, and cached."""

import functools
import hashlib
import http.server
import io
import tarfile
import threading

import numpy as np
import pytest

import zoo
from tfflows import versions
from tfflows.errors import InputError
from tfflows.files import atomic_write
from tools import archives
from zoo import fetching, pretrained

NAME = "nsf_toy_eight_gaussians"
OTHER = "glow_toy_eight_gaussians"
SHA256 = {row["id"]: row["sha256"] for row in pretrained.rows()}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A folder with the published archives of two models."""
    folder = tmp_path_factory.mktemp("archives")
    for name in (NAME, OTHER):  # without a check of the hash, as zlib-ng packs the same files into other bytes
        (folder / f"{name}.tar.gz").write_bytes(archives.packed(pretrained.exported_folder(name)))
    return folder


@pytest.fixture(scope="module")
def expected():
    """Samples of the same model in the clone."""
    return zoo.load(NAME).sample(8, seed=0).numpy()


@pytest.fixture(autouse=True)
def cache(packed, expected, tmp_path, monkeypatch):
    """The empty cache of an installed package, with no exported/ and no address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pretrained, "HOMES", (tmp_path / "none",))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(fetching.ADDRESS, raising=False)
    return tmp_path / "keras" / "tfflows"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and records the requests; can announce more bytes than it sends."""

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()

    def copyfile(self, source, outputfile):
        outputfile.write(source.read()[: self.server.most])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of the empty folder `server.folder`, which is set as the address of pretrained models."""
    folder = tmp_path / "served"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
        server.folder, server.asked, server.most = folder, [], None
        monkeypatch.setenv(fetching.ADDRESS, f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def publish(packed, server, name=NAME, *, of=NAME):
    (server.folder / f"{name}.tar.gz").write_bytes((packed / f"{of}.tar.gz").read_bytes())


def assert_loads(expected):
    np.testing.assert_array_equal(zoo.load(NAME).sample(8, seed=0), expected)


def assert_refused(cache, message):
    with pytest.raises(InputError, match=message) as caught:
        zoo.load(NAME)
    assert "\n" not in str(caught.value)
    assert not cache.exists() or list(cache.iterdir()) == [], "nothing is left"


@pytest.mark.slow
def test_fetched_model_is_the_model_and_is_not_fetched_again(packed, server, expected, cache, monkeypatch):
    publish(packed, server)
    assert_loads(expected)
    assert server.asked == [f"/{NAME}.tar.gz"]
    assert [path.name for path in cache.iterdir()] == [SHA256[NAME]]
    assert_loads(expected)
    monkeypatch.delenv(fetching.ADDRESS)
    assert_loads(expected)
    assert len(server.asked) == 1


def test_local_folder_will_do(packed, expected, cache, monkeypatch):
    monkeypatch.setenv(fetching.ADDRESS, f"{packed}/")
    assert_loads(expected)
    assert pretrained.exported_folder(NAME) == cache / SHA256[NAME] / NAME
    with pytest.raises(InputError, match=r"`version` to be one of \[1\]\. Received: version=2"):
        zoo.load(NAME, version=2)


def test_truncated_archive_is_refused(packed, server, expected, cache):
    publish(packed, server)
    server.most = 1000
    assert_refused(cache, rf"Expected http://.*/{NAME}\.tar\.gz to have sha256=.* incomplete, .*bytes=1000")
    server.most = None
    assert_loads(expected)


def test_archive_of_another_model_is_refused(packed, server, cache):
    publish(packed, server, of=OTHER)
    assert_refused(cache, rf"to have sha256='{SHA256[NAME]}'.* Received: sha256='{SHA256[OTHER]}'")


def test_missing_archive_is_said(server, cache, tmp_path, monkeypatch):
    assert_refused(cache, rf"Expected http://.*/{NAME}\.tar\.gz to be readable.*404")
    monkeypatch.setenv(fetching.ADDRESS, str(tmp_path / "nowhere"))
    assert_refused(cache, rf"Expected .*/nowhere/{NAME}\.tar\.gz to be readable.*No such file")


def test_unreachable_server_is_an_error(cache, monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        monkeypatch.setenv(fetching.ADDRESS, f"http://127.0.0.1:{closed.server_port}")
    assert_refused(cache, "to be readable: check TFFLOWS_PRETRAINED_URL.*refused")
    monkeypatch.setenv(fetching.ADDRESS, "http://127.0.0.1:port")
    assert_refused(cache, "to be readable: check TFFLOWS_PRETRAINED_URL.*port")


def test_without_an_address_both_ways_out_are_named(cache):
    assert_refused(cache, rf"Expected '{NAME}' in the folder exported/ of a clone, or TFFLOWS_PRETRAINED_URL ")


def test_unknown_id_is_not_asked_for(server):
    with pytest.raises(InputError, match=r"`name` to be one of \[.*Received: name='realnvp_digitz'"):
        zoo.load("realnvp_digitz")
    assert server.asked == []


def test_archive_that_leaves_its_folder_is_not_unpacked(tmp_path, cache):
    path = tmp_path / f"{NAME}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo("../../escaped")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(tarfile.OutsideDestinationError):
        fetching._fetch(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), cache / "place")
    assert list(cache.iterdir()) == []
    assert not list(tmp_path.rglob("escaped"))


def test_slower_of_two_processes_takes_what_is_there(packed, cache, monkeypatch):
    place = cache / SHA256[NAME]

    def opened(source):
        (place / NAME / "1").mkdir(parents=True)  # by the other, in the meantime
        return open(source, "rb")

    monkeypatch.setattr(fetching, "_opened", opened)
    fetching._fetch(f"{packed}/{NAME}.tar.gz", SHA256[NAME], place)
    assert list(cache.iterdir()) == [place]


def export(folder, contents):
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_archive_depends_on_contents_alone(tmp_path):
    contents = {"1/old": "o", "2/b": "b", "2/a/c": "c", "README.md": "r"}
    one = export(tmp_path / "one" / "id", contents)
    other = export(tmp_path / "other" / "id", dict(reversed(contents.items())))
    (other / "2" / "b").chmod(0o600)
    with atomic_write(other / "2" / "b") as beside:
        beside.write_text("b")
    assert archives.packed(one) == archives.packed(other)
    with tarfile.open(fileobj=io.BytesIO(archives.packed(one))) as tar:
        assert [(m.name, m.mtime, m.uid, m.gid, m.mode) for m in tar] == [
            (name, 0, 0, 0, 0o644) for name in ("id/2/a/c", "id/2/b")
        ]
    (other / "2" / "b").write_text("d")
    assert archives.sha256(one) != archives.sha256(other)


def test_archive_that_differs_from_the_table_is_not_written(tmp_path, monkeypatch):
    newest = versions.numbers(export(tmp_path / "homes" / NAME, {"1/config.json": "{}"}))
    assert newest == [1]
    monkeypatch.setattr(pretrained, "HOMES", (tmp_path / "homes",))
    with pytest.raises(SystemExit, match=rf"tools\.archives: Expected the archive of '{NAME}' to have sha256="):
        archives.main([str(tmp_path / "out"), NAME])
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit, match=r"names of .*Received: names=\['nope'\]"):
        archives.main(["out", "nope"])
