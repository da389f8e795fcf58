from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.crypto import KeyMissing
from core.fields import reencrypt


class Command(BaseCommand):
    help = "Encrypt every stored secret with the first key of FIELD_KEY, so that older keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = reencrypt()
        except KeyMissing as error:
            raise CommandError(f"Stopped, nothing is lost: {error}") from error
        self.stdout.write(f"{changed} secrets were encrypted anew.")
