"""The chat side: conversation states, one file per area."""
