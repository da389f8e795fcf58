"""The audit trail is cut into months, and the database lets nobody change it."""

from django.db import migrations

from core import append_only, partitions
from core.audit import TABLE


def protect(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        append_only.protect(cursor, TABLE.table)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunPython(partitions.converts(TABLE), migrations.RunPython.noop),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
