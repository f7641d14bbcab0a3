"""The chat side: conversation states, one file per area."""

from __future__ import annotations

from importlib import import_module

AREAS = (
    "menu",
    "registration",
    "login",
    "reset",
    "invitation",
    "security",
    "email",
    "proof",
    "profile",
    "privacy",
    "booking",
    "visits",
    "notices",
    "doctor",
    "approval",
    "offers",
    "hours",
    "timeoff",
    "outside",
    "late",
    "desk",
    "reception",
    "records",
    "writing",
)
"""In the order a person meets them."""


def load() -> None:
    """Import every area, which fills the tables of commands, buttons and answers."""
    for name in AREAS:
        import_module(f"{__name__}.{name}")
