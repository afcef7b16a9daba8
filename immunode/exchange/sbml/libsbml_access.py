"""The library libSBML, or what to install."""

from __future__ import annotations

from typing import Any

from immunode.errors import ModelError


def libsbml() -> Any:
    """Return the module libsbml.

    Raises
    ------
    ModelError : it is not installed.
    """
    try:
        import libsbml as module
    except ImportError:
        raise ModelError('SBML needs python-libsbml: pip install "immunode[sbml]"') from None
    return module
