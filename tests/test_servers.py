"""The throwaway MariaDB does what the fault tests ask of it."""

from __future__ import annotations

import pymysql
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.servers import PrivateServer, Server

pytestmark = pytest.mark.mariadb


def test_what_was_committed_is_there_after_a_power_cut(mariadb: Server, mariadb_url: str) -> None:
    engine = create_engine(mariadb_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (n INT)"))
        connection.execute(text("INSERT INTO kept VALUES (7)"))

    mariadb.kill()
    mariadb.start()

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT n FROM kept")) == 7


def test_a_stopped_server_refuses_connections_and_its_url_works_again_later(mariadb: Server, mariadb_url: str) -> None:
    engine = create_engine(mariadb_url, poolclass=NullPool)
    mariadb.stop()
    with pytest.raises(OperationalError, match="Can't connect"):
        engine.connect()

    mariadb.start()

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT DATABASE()")) == engine.url.database


def test_a_paused_server_keeps_callers_waiting(mariadb: Server) -> None:
    mariadb.pause()
    try:
        with pytest.raises(pymysql.err.OperationalError, match="timed out"):
            pymysql.connect(host="127.0.0.1", port=mariadb.address.port or 0, user="root", read_timeout=1)
    finally:
        mariadb.resume()
    assert mariadb.execute("SELECT 1") == ((1,),)


def test_every_database_is_fresh_and_a_dropped_one_is_gone(mariadb: Server) -> None:
    one, other = mariadb.create_database(), mariadb.create_database()
    mariadb.drop(one)
    mariadb.drop(other)

    left = {name for (name,) in mariadb.execute("SHOW DATABASES")}
    assert one != other
    assert left.isdisjoint({make_url(one).database, make_url(other).database})


def test_a_server_that_is_not_ours_is_never_stopped(mariadb: Server) -> None:
    theirs = Server(mariadb.address)
    theirs.start()
    for verb in (theirs.stop, theirs.kill, theirs.pause):
        with pytest.raises(pytest.skip.Exception, match="not ours"):
            verb()
    assert mariadb.execute("SELECT 1") == ((1,),)


def test_a_private_server_leaves_nothing_behind(mariadb: Server) -> None:
    if not isinstance(mariadb, PrivateServer):
        mariadb.stop()
    server = PrivateServer()
    server.start()
    server.remove()

    assert server.pid is None
    assert not server.folder.exists()
