from .cards import Card
from .display import html, table, text
from .formulas import equations
from .report import Report, check

__all__ = ["Card", "Report", "check", "equations", "html", "table", "text"]
