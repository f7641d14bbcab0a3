"""Prints a dialogue as a person would read it: buttons in brackets, files by name."""

from __future__ import annotations

import textwrap

from typer import echo, style

from hospital_bot.simulator.phone import Seen

WIDTH = 76
INDENT = " " * 8


class Transcript:
    def scene(self, title: str) -> None:
        echo("\n" + style(f"— {title} —", bold=True))

    def said(self, name: str, text: str) -> None:
        echo(f"\n{style(name, fg='cyan')}: {text}")

    def tapped(self, name: str, label: str) -> None:
        echo(f"\n{style(name, fg='cyan')} taps [{label}]")

    def comes(self, name: str) -> None:
        echo(f"\nA message comes to {style(name, fg='cyan')}:")

    def answered(self, message: Seen) -> None:
        lines = [line for part in message.text.splitlines() for line in textwrap.wrap(part, WIDTH) or [""]]
        lines += rows(message)
        if message.document:
            lines.append(f"(file: {message.document['file_name']})")
        echo(textwrap.indent("\n".join(lines), INDENT))

    def note(self, text: str) -> None:
        echo(style(f"{INDENT}({text})", dim=True))


def rows(message: Seen) -> list[str]:
    """The keyboard, a row a line."""
    inline = message.json.get("reply_markup", {}).get("inline_keyboard", [])
    reply = message.json.get("keyboard", {}).get("keyboard", [])
    return ["".join(f"[{button['text']}] " for button in row).rstrip() for row in (*inline, *reply)]
