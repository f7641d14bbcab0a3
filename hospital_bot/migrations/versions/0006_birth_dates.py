"""When a patient was born, for those who say it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    if "birth_date" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("patients")}:
        op.add_column("patients", sa.Column("birth_date", sa.Date))


def downgrade() -> None:
    op.drop_column("patients", "birth_date")
