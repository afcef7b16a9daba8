"""Labs as pages hold them, each made once: tests only read them."""

from __future__ import annotations

from functools import cache

from immunode.app import lab, web_page

load_lab = cache(lab.load_lab)
scenario_labs = cache(web_page.scenario_labs)
