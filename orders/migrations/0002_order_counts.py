"""Orders are counted where they change: see orders.models.OrderCount and orders.counts."""

from django.db import migrations

# One function for all of it: what is there now, less what was there before, kind by kind. Kinds
# whose number stays are not written, so an import that changes no status writes nothing here.
COUNT = """
CREATE FUNCTION orders_count_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO orders_ordercount (account_id, fulfilment, status, has_problem, number)
        SELECT account_id, fulfilment, status, has_problem, count(*)
        FROM now_there GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO orders_ordercount (account_id, fulfilment, status, has_problem, number)
        SELECT account_id, fulfilment, status, has_problem, -count(*)
        FROM was_there GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO orders_ordercount (account_id, fulfilment, status, has_problem, number)
        SELECT account_id, fulfilment, status, has_problem, sum(one)
        FROM (
            SELECT account_id, fulfilment, status, has_problem, 1 AS one FROM now_there
            UNION ALL
            SELECT account_id, fulfilment, status, has_problem, -1 FROM was_there
        ) moved
        GROUP BY 1, 2, 3, 4 HAVING sum(one) <> 0;
    ELSE
        DELETE FROM orders_ordercount;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_count_new AFTER INSERT ON orders_order
    REFERENCING NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
CREATE TRIGGER orders_count_changed AFTER UPDATE ON orders_order
    REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
CREATE TRIGGER orders_count_gone AFTER DELETE ON orders_order
    REFERENCING OLD TABLE AS was_there
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
CREATE TRIGGER orders_count_emptied AFTER TRUNCATE ON orders_order
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_changes();
-- Small and always in motion: cleaned after some hundred rows, not after a fifth of a table.
ALTER TABLE orders_ordercount SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500
);
"""
FORGET = """
DROP TRIGGER orders_count_new ON orders_order;
DROP TRIGGER orders_count_changed ON orders_order;
DROP TRIGGER orders_count_gone ON orders_order;
DROP TRIGGER orders_count_emptied ON orders_order;
DROP FUNCTION orders_count_changes();
"""


class Migration(migrations.Migration):
    dependencies = (("orders", "0001_initial"),)
    operations = (migrations.RunSQL(COUNT, FORGET),)
