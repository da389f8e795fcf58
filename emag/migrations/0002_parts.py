"""The call log is cut into days."""

from django.db import migrations

from core import partitions
from emag.models.calls import TABLE


class Migration(migrations.Migration):
    dependencies = [("emag", "0001_initial")]

    operations = [
        migrations.RunPython(partitions.converts(TABLE), migrations.RunPython.noop),
    ]
