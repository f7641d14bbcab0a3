"""The migrations: one file of `versions` for each change to the tables, run by `schema.upgrade`."""
