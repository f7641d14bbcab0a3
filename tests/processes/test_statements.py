"""Few statements for every step, and no more of them when the hospital is large."""
