"""Empties the tests' database quickly, and puts back the rows that most tests need.

Django's flush truncates every table, more than a hundred with their indexes; deleting what
stands in them takes a tenth of its time. A study that was made once is copied back instead of
made again. The tests' role must be a superuser: references and triggers rest meanwhile.
"""

from django.db import connection

# What migrations made stays. A large table is truncated: what is deleted row by row stays in
# its file for a while, and every later reading would pass over it.
EMPTY = """
DO $$
DECLARE
    name regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        IF pg_relation_size(name) > 2000000 THEN
            EXECUTE format('TRUNCATE %s CASCADE', name);
        ELSE
            EXECUTE format('DELETE FROM %s', name);
        END IF;
    END LOOP;
    SET LOCAL session_replication_role = origin;  -- the test's transaction may go on
END $$
"""
KEEP = """
DO $$
DECLARE
    table_name text;
    holds_rows boolean;
BEGIN
    CREATE SCHEMA kept;
    FOR table_name IN
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', table_name) INTO holds_rows;
        IF holds_rows THEN
            EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', table_name);
        END IF;
    END LOOP;
END $$
"""
PUT_BACK = """
DO $$
DECLARE
    table_name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR table_name IN
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'kept'::regnamespace
    LOOP
        EXECUTE format('INSERT INTO public.%1$I TABLE kept.%1$I', table_name);
    END LOOP;
    SET LOCAL session_replication_role = origin;  -- the test's transaction may go on
END $$
"""


def empty_database() -> None:
    """No row is left but those that migrations made."""
    _do(EMPTY)


def keep_rows() -> None:
    """Copies every row that stands in the database now, for `put_back_rows`."""
    _do(KEEP)


def put_back_rows() -> None:
    """The kept rows, under their own ids, into a database without them."""
    _do(PUT_BACK)


def _do(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
