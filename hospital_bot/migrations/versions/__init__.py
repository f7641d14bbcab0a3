"""In the order of their numbers. A migration that was released is never edited."""
