"""Patients are found by their telephone number, or by how their name begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

INDEXES = (("ix_patients_phone_number", "patients", "phone_number"), ("ix_users_name", "users", "name"))


def upgrade() -> None:
    for name, table, column in INDEXES:
        if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
            op.create_index(name, table, [column])


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
