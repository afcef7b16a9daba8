"""The tables of a PEtab problem, whichever version of the format its YAML file names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from immunode.errors import EngineError, StoreError, StudyError
from immunode.exchange.petab.files import content
from immunode.exchange.petab.records import Tables
from immunode.exchange.petab.version1 import tables_of_version_1
from immunode.exchange.petab.version2 import tables_of_version_2


def read_tables(path: Path) -> Tables:
    """Return the tables of a problem of version 1 or 2; `path` is its YAML file.

    Raises
    ------
    StoreError : a file is missing, damaged, or outside the folder of the YAML file.
    StudyError : a table can't be what it should be; the message names the row.
    """
    config = _config(path)
    version = str(config.get("format_version", ""))
    if config.get("extensions"):
        raise StudyError(f"{path}: it needs extensions of PEtab, which are not read here")
    if version.startswith("2."):
        return tables_of_version_2(path, config)
    if version == "1" or version.startswith("1."):
        return tables_of_version_1(path, config)
    raise StudyError(f"{path}: PEtab version {version or 'unknown'!r:.20}; versions 1 and 2 are read here")


def _config(path: Path) -> dict[str, Any]:
    try:
        import yaml  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise EngineError('PEtab needs PyYAML: pip install "immunode[petab]"') from None
    text = content(path)[:1_000_001]
    if len(text) > 1_000_000 or b"&" in text:
        raise StoreError(f"{path}: this is no PEtab problem: it is too long, or has anchors")
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: this is no YAML: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(config, dict):
        raise StoreError(f"{path}: this is no PEtab problem")
    return config
