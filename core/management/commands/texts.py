from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.management import source_texts


class Command(BaseCommand):
    help = "Bring the translations under locale/ up to date with the source, and compile them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail if anything is amiss"
        )
        parser.add_argument(
            "--forget", action="store_true", help="drop translations nobody asks for any more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from core.management import catalogue, library_texts
        except ImportError as error:
            raise CommandError("This needs Babel: pip install -r requirements-dev.txt") from error
        try:
            own = source_texts.texts_of_project()
        except source_texts.UnreadableText as error:
            raise CommandError(str(error)) from error
        amiss = source_texts.conflicts(own)
        for language in catalogue.languages():
            found = [*own, *library_texts.texts_of_libraries(language)]
            if not options["check"]:
                old = catalogue.read(language)
                new = catalogue.brought_up_to_date(old, found, forget=options["forget"])
                catalogue.write(new)
            texts = catalogue.read(language)
            wrong = [f"{language}: {problem}" for problem in catalogue.problems(texts, found)]
            self.stdout.write(f"{language}: {len(texts)} texts, {len(wrong)} to look at")
            amiss += wrong
        for problem in amiss:
            self.stderr.write(problem)
        if amiss and options["check"]:
            raise CommandError(f"{len(amiss)} texts need somebody.")
