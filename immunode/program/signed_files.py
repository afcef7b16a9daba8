"""Files of the cache, which hold what is executed: only what this user wrote is read back.

Each file begins with a signature (HMAC-SHA256) under a key of the user's own, kept in the user's configuration folder
where nobody else can read it. Folders and files of other owners, or that others may write to, are not used at all: the
cache is a convenience, and without it everything is computed again. Files are written whole and then renamed, so any
number of processes may write at once, and what is damaged, foreign or outdated is ignored and written again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import tempfile
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

_MARK = b"immunode signed 1\n"
_SIGNATURE = hashlib.sha256().digest_size
_KEY_BYTES = 32
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def cache_folder() -> Path | None:
    """Return where caches live: `$IMMUNODE_CACHE`, else the user's cache folder; None where that is empty: no cache."""
    chosen = os.environ.get("IMMUNODE_CACHE")
    if chosen is None:
        import platformdirs

        return Path(platformdirs.user_cache_dir("immunode", appauthor=False))
    return Path(chosen) if chosen else None


def read_signed(kind: str, name: str) -> bytes | None:
    """Return what `write_signed` kept under a name; None where nothing is, or nothing that can be trusted.

    kind : the folder inside the cache, "programs" or "objects".
    """
    folder = cache_folder()
    if folder is None:
        return None
    try:
        if not _trusted(folder, kind):
            return None
        content = _read_own(folder / kind / name, _OTHERS_WRITE)
        key = _key(_key_file())
    except OSError:
        return None
    head = len(_MARK) + _SIGNATURE
    signature, body = content[len(_MARK) : head], content[head:]
    sound = content.startswith(_MARK) and hmac.compare_digest(signature, _sign(key, kind, name, body))
    return body if sound else None


def write_signed(kind: str, name: str, body: bytes) -> None:
    """Keep bytes under a name. A folder that can't be written, or that others may write to, is no error."""
    folder = cache_folder()
    if folder is None:
        return
    try:
        for part in (folder, folder / kind):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _trusted(folder, kind):
            signed = _MARK + _sign(_key(_key_file()), kind, name, body) + body
            _write_whole(folder / kind / name, signed)
    except OSError:
        return


def _sign(key: bytes, kind: str, name: str, body: bytes) -> bytes:
    # the name too: a sound file under another name would be another model's code
    return hmac.digest(key, f"{kind}/{name}\n".encode() + body, "sha256")


def _trusted(folder: Path, kind: str) -> bool:
    """Return whether a folder of the cache is this user's alone to write to; say once that it is not."""
    for part in (folder, folder / kind):
        why = _foreign(part.stat(), _OTHERS_WRITE)
        if why:
            _say_unused(part, why)
            return False
    return True


def _foreign(status: os.stat_result, forbidden: int) -> str:
    """Return why a file or folder is not this user's alone, "" where it is. forbidden : bits its mode may not have."""
    if not hasattr(os, "geteuid"):
        return ""  # Windows: the user's folders are kept by its access lists
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    return "others may write to it: chmod go-w" if status.st_mode & forbidden else ""


@lru_cache(maxsize=16)
def _say_unused(folder: Path, why: str) -> None:
    text = f"immunode does not use the cache folder '{folder}': {why}, or set IMMUNODE_CACHE to a folder of your own"
    warnings.warn(text, stacklevel=2)


def _read_own(path: Path, forbidden: int) -> bytes:
    """Return the content of a regular file of this user.

    Raises
    ------
    OSError : it is not there, can't be read, is a link, or is not this user's alone.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or _foreign(status, forbidden):
            raise PermissionError(f"{path} is not this user's alone")
        return file.read()


def _write_whole(path: Path, content: bytes) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


# The key --------------------------------------------------------------------------------------------------------------


def _key_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("immunode", appauthor=False)) / "cache.key"


@lru_cache(maxsize=4)
def _key(file: Path) -> bytes:
    """Return the key in a file, made where there is none or where others could have read it.

    Raises
    ------
    OSError : it can't be kept where nobody else can read it.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _foreign(file.parent.stat(), _OTHERS_WRITE):
        raise PermissionError(f"{file.parent} is not this user's alone")
    key = _sound_key(file)
    if key is None:
        _make_key(file)
        key = _read_own(file, _OTHERS)
    return key


def _sound_key(file: Path) -> bytes | None:
    with suppress(OSError):
        key = _read_own(file, _OTHERS)
        if len(key) == _KEY_BYTES:
            return key
    return None


def _make_key(file: Path) -> None:
    """Put a new key in its place; of several processes that do so at once, all end with the first one's."""
    handle, beside = tempfile.mkstemp(dir=file.parent, suffix=".part")  # which only this user can read
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(_KEY_BYTES))
        try:
            os.link(beside, file)
        except OSError:  # another process was first, or what is there is no key, or this disk has no links
            if _sound_key(file) is None:
                os.replace(beside, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)
