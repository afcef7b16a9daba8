"""Where a store lies: a local folder, or any place that fsspec reaches, as small whole files."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from immunode.errors import StoreError

LARGEST = 64 * 2**20
"""Bytes that a file of metadata may have; more is not read."""


def require_zarr() -> Any:
    """Return the module `zarr`.

    Raises
    ------
    StoreError
        it is absent or older than 3.1, which is the first that knows texts by their name; or there are no threads, in
        which it reads and writes.
    """
    if not _threads_exist():
        raise StoreError(
            "a store needs threads, which Python in a browser does not have; leave out store=, and write the result "
            "with its method save('folder')"
        )
    try:
        import zarr
    except ImportError:
        raise StoreError("a store needs zarr, which is not installed; pip install 'immunode[store]'") from None
    if [int(part) for part in zarr.__version__.split(".")[:2]] < [3, 1]:
        raise StoreError(f"a store needs zarr 3.1 or later, found {zarr.__version__}; pip install -U 'immunode[store]'")
    return zarr


@lru_cache(maxsize=1)
def _threads_exist() -> bool:
    try:
        one = threading.Thread(target=int)
        one.start()
        one.join()
    except RuntimeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a store.

    name : as the user wrote it, for messages.   path : on the file system, local or remote.
    system : the fsspec file system, None for a local folder.
    """

    name: str
    path: str
    system: Any = field(default=None, repr=False)

    @classmethod
    def of(cls, store: str | os.PathLike[str]) -> Place:
        """Return the place of a path or URL such as `"runs/ra.zarr"` or `"s3://bucket/ra.zarr"`.

        Raises
        ------
        StoreError : the library for that kind of URL is not installed, or the text is empty.
        """
        given: object = store
        name = os.fspath(given) if isinstance(given, str | os.PathLike) else ""
        if not isinstance(name, str) or not name.strip():
            raise StoreError(f"store: a path such as 'runs/ra.zarr' is needed, got {store!r}")
        if "://" not in name:
            return cls(name, os.path.abspath(os.path.expanduser(name)))
        if name.startswith("file://"):
            return cls(name, os.path.abspath(name.removeprefix("file://")))
        try:
            import fsspec

            system, path = fsspec.core.url_to_fs(name)
        except ImportError as error:
            raise StoreError(f"store {name}: {error}; pip install fsspec and what it asks for") from None
        except ValueError as error:
            raise StoreError(f"store {name}: {error}") from None
        return cls(name, str(path).rstrip("/"), system)

    @property
    def local(self) -> bool:
        """Whether it is a folder of this machine."""
        return self.system is None

    def at(self, file: str = "") -> str:
        """Return the whole path of a file."""
        return f"{self.path}/{file}" if file else self.path

    def read(self, file: str, most: int = LARGEST) -> bytes | None:
        """Return the content of a file, or None where there is none.

        Raises
        ------
        StoreError : it has more than `most` bytes, or can't be read.
        """
        with self.told("read"):
            try:
                size = os.path.getsize(self.at(file)) if self.local else int(self.system.size(self.at(file)) or 0)
                if size > most:
                    raise StoreError(f"{self.name}: {file} has {size:,} bytes; {most:,} are the most that are read")
                return Path(self.at(file)).read_bytes() if self.local else bytes(self.system.cat_file(self.at(file)))
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, file: str, content: bytes, *, lasting: bool = False) -> None:
        """Write a file, whole or not at all. lasting : on the disk before this returns, so that a power cut is safe."""
        with self.told("written"):
            if not self.local:
                self.system.pipe_file(self.at(file), content)
                return
            target = Path(self.at(file))
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f"{target.name}.{os.getpid()}.partial")
            try:
                with beside.open("wb") as stream:
                    stream.write(content)
                    if lasting:
                        stream.flush()
                        os.fsync(stream.fileno())
                os.replace(beside, target)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise

    def names(self, folder: str = "") -> list[str]:
        """Return what lies in a folder, sorted; nothing where there is none."""
        with self.told("read"):
            try:
                if self.local:
                    return sorted(os.listdir(self.at(folder)))
                return sorted(str(p).rstrip("/").rsplit("/", 1)[-1] for p in self.system.ls(self.at(folder), False))
            except FileNotFoundError:
                return []
            except NotADirectoryError:
                raise StoreError(f"{self.name}: it is a file, not the folder of a store") from None

    def files(self) -> set[str]:
        """Return the paths of all files, such as "status/c/0"; those of a remote place in one request where it can."""
        with self.told("read"):
            if self.local:
                walked = os.walk(self.path)
                return {
                    os.path.relpath(os.path.join(at, f), self.path).replace(os.sep, "/")
                    for at, _, fs in walked
                    for f in fs
                }
            return {str(path).removeprefix(self.path).lstrip("/") for path in self.system.find(self.path)}

    def remove(self, file: str) -> None:
        """Remove a file or a folder with all in it, if it is there."""
        with self.told("written"):
            path = self.at(file)
            if not self.local:
                if self.system.exists(path):
                    self.system.rm(path, recursive=True)
            elif os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                Path(path).unlink(missing_ok=True)

    def sweep_up(self) -> None:
        """Remove what writers that were killed left half-written."""
        if self.local:
            for folder, _, files in os.walk(self.path):
                for file in files:
                    if file.endswith(".partial"):
                        self.remove(os.path.relpath(os.path.join(folder, file), self.path).replace(os.sep, "/"))

    @contextmanager
    def told(self, done: str) -> Iterator[None]:
        """Turn what the file system says in the block into one line. done : "read" or "written".

        Raises
        ------
        StoreError : always instead of an OSError.
        """
        try:
            yield
        except OSError as error:
            raise StoreError(f"{self.name}: it can't be {done} ({_said(error)})") from error


def _said(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: make room, then run the same line again; blocks that are written are kept"
    return error.strerror or str(error) or type(error).__name__
