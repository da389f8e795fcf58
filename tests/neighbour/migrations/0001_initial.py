from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = (("orders", "0001_initial"),)
    operations = (
        migrations.CreateModel(
            "Parcel",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=models.CASCADE,
                        related_name="neighbour_parcels",
                        to="orders.order",
                    ),
                ),
                ("grams", models.PositiveIntegerField(null=True)),
                ("weighed_at", models.DateTimeField(null=True)),
            ],
        ),
    )
