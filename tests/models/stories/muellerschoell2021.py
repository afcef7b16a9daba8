"""Cells expand where there is a tumor and shrink it tenfold; patients of low expansion gain nothing."""

from __future__ import annotations

from stories import Arms, high


def holds(arms: Arms) -> bool:
    treated, low = arms["CAR-T cells"], arms["low expansion"]
    return (
        15 < high(treated, "cart") / treated["cart"][0] < 20
        and 0.08 < treated.final("T") / treated["T"][0] < 0.12
        and arms["after a transplant"].final("T") < 0.02 * treated["T"][0]
        and high(low, "cart") == low["cart"][0]
        and 0.9 < low.final("T") / arms["untreated"].final("T") < 1
    )
