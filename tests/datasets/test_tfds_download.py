"""A dataset that cannot be downloaded is detected fast and reported in one line."""

import socket
import time

import pytest
import tensorflow_datasets as tfds

from tests.offline import disconnect
from tfflows import datasets
from tfflows.datasets import tfds_builders
from tfflows.errors import InputError

BUILDER = tfds.core.DatasetBuilder


@pytest.fixture
def no_network(monkeypatch):
    disconnect(monkeypatch)


@pytest.fixture
def failing(monkeypatch):
    """A builder whose download starts and then fails."""

    def fail(self):
        raise OSError("\nQuota exceeded.\nSee the manual.")

    monkeypatch.setattr(BUILDER, "download_and_prepare", fail)


@pytest.mark.parametrize("name", ["svhn_cropped", "celeb_a", "lsun/bedroom", "downsampled_imagenet/32x32"])
def test_without_a_network_the_error_comes_at_once_and_says_what_to_do(name, no_network, tmp_path):
    with pytest.raises(InputError) as caught:
        datasets.load(name, data_dir=str(tmp_path))
    message = str(caught.value)
    assert "\n" not in message
    for part in (repr(name), repr(str(tmp_path)), f"`tfds build {name}`", "TFDS_DATA_DIR", "--set=data.data_dir"):
        assert part in message
    assert "does not exist" not in message
    assert not list(tmp_path.iterdir())


def test_a_missing_data_dir_is_named(no_network, tmp_path):
    with pytest.raises(InputError, match=r"nowhere' \(which does not exist\)"):
        datasets.load("svhn_cropped", data_dir=str(tmp_path / "nowhere"))
    assert not list(tmp_path.iterdir())


def test_a_failure_of_tfds_is_one_line(failing, monkeypatch, tmp_path):
    monkeypatch.setattr(tfds_builders, "reachable", lambda url: True)
    with pytest.raises(InputError, match=r"prepare it: Quota exceeded\. Run `tfds build svhn_cropped`") as caught:
        datasets.load("svhn_cropped", data_dir=str(tmp_path))
    assert isinstance(caught.value.__cause__, OSError)


def test_a_proxy_or_files_fetched_by_hand_need_no_host(failing, monkeypatch, tmp_path):
    monkeypatch.setattr(tfds_builders, "reachable", lambda url: False)
    monkeypatch.setattr(tfds_builders.urllib.request, "getproxies", dict)
    with pytest.raises(InputError, match="failed within 4 s"):
        datasets.load("svhn_cropped", data_dir=str(tmp_path))
    monkeypatch.setattr(tfds_builders.urllib.request, "getproxies", lambda: {"https": "http://proxy"})
    with pytest.raises(InputError, match="Quota exceeded"):
        datasets.load("svhn_cropped", data_dir=str(tmp_path))
    monkeypatch.setattr(tfds_builders.urllib.request, "getproxies", dict)
    (tmp_path / "downloads/manual").mkdir(parents=True)
    (tmp_path / "downloads/manual/train_32x32.mat").touch()
    with pytest.raises(InputError, match="Quota exceeded"):
        datasets.load("svhn_cropped", data_dir=str(tmp_path))


def test_a_host_is_reachable_while_it_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/file"
        assert tfds_builders.reachable(url)
    assert not tfds_builders.reachable(url)


def test_slow_resolver_does_not_delay_the_error(monkeypatch):
    def resolve(*args):
        time.sleep(1.5)
        raise OSError("name not known")

    monkeypatch.setattr(socket, "create_connection", resolve)
    start = time.monotonic()
    assert not tfds_builders.reachable("http://example.org", seconds=0.1)
    assert time.monotonic() - start < 1
