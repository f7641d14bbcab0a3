"""A patient's medical records, for a proven token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hospital_bot.api.bodies import Record, Records
from hospital_bot.api.caller import TheCaller
from hospital_bot.api.problems import documented
from hospital_bot.services import records

router = APIRouter(tags=["patients"])


@router.get("/patients/me/records", responses=documented(401, 403))
def own_records(caller: TheCaller, page: Annotated[int, Query(ge=0, le=1000)] = 0) -> Records:
    """The caller's own records, the latest first. Every look is written down."""
    found, more = caller.run(
        lambda turn, who: turn.do(records.own, actor=who, page=page, channel=caller.channel, keys=caller.desk.keys)
    )
    return Records(records=[Record.of(record) for record in found], more=more)
