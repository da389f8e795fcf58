from django.apps import AppConfig


class NeighbourConfig(AppConfig):
    """Its ready() registers nothing: tests do, and take it away again (see slots.installed)."""

    name = "tests.neighbour"
    label = "neighbour"
    default_auto_field = "django.db.models.BigAutoField"
