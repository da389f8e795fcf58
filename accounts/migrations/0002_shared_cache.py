"""The table of the shared cache, for installations without a Redis.

Unlogged: it is written on every attempt to sign in, and what is in it may be lost in a crash.
"""

from django.db import migrations

MAKE = """
    CREATE UNLOGGED TABLE IF NOT EXISTS magflow_cache (
        cache_key varchar(255) PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX IF NOT EXISTS magflow_cache_expires ON magflow_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(MAKE, "DROP TABLE IF EXISTS magflow_cache")]
