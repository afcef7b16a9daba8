"""The bridge to the models: `immunode.models.SYSTEM.NAME` is the file `models/SYSTEM/NAME.py` at the project's top.

In a wheel those files lie beside this one. In a checkout (installed as editable, or only on the path) this file is
alone, and the top-level folder joins the package's path. Use `immunode.load_model`; nothing imports a model by name.
"""

from __future__ import annotations

from pathlib import Path

_checkout = Path(__file__).resolve().parents[2]
# pyproject.toml tells a checkout from a site-packages folder that happens to hold a folder named models.
if (_checkout / "pyproject.toml").is_file() and (_checkout / "models").is_dir():
    __path__.append(str(_checkout / "models"))
