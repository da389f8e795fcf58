import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import MarketplaceAccount
from core.errors import MagFlowError
from emag.services import accounts
from emag.sites import SITES, Site, site

REFUSED = 1
WRONG_CALL = 2
NO_CONNECTION = 3


class Command(BaseCommand):
    help = (
        "Connect an account on eMAG or Fashion Days, or give one that is connected other"
        " credentials: the account called NAME is made or changed, so repeating it is harmless."
        " Exit code 1: our rules refuse it, 2: called wrongly, 3: stored, but --check failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [one.name for one in SITES]
        parser.add_argument("--platform", required=True, choices=names)
        parser.add_argument(
            "--role", required=True, choices=list(accounts.ROLES), help="fbe: eMAG ships"
        )
        parser.add_argument("--name", required=True, help="how you call it, such as “RO main”")
        parser.add_argument("--username", required=True, help="the user with the right to the API")
        parser.add_argument(
            "--password-env",
            required=True,
            metavar="VAR",
            help="the environment variable that holds the password; it never stands in the call",
        )
        parser.add_argument("--base-url", default="", help="another server, such as the simulator")
        parser.add_argument(
            "--company",
            default="",
            help="whose account it is; not needed where there is only one company, and where"
            " there is none yet, one is made with this name",
        )
        parser.add_argument("--check", action="store_true", help="test the connection as well")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get(options["password_env"], "")
        if not password:
            raise CommandError(
                f"The environment variable {options['password_env']} is empty or not set.",
                returncode=WRONG_CALL,
            )
        place = site(options["platform"])
        try:
            with transaction.atomic():
                account, is_new = self._account(place, options)
                credential = accounts.connect(
                    account,
                    username=options["username"],
                    password=password,
                    base_url=options["base_url"],
                    by=None,
                )
        except MagFlowError as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        done = "added" if is_new else "up to date"
        self.stdout.write(f"{account} ({place.name}, {options['role']}) is {done}: {account.pk}")
        if options["check"]:
            check = accounts.check_connection(credential)
            if not check.ok:
                raise CommandError(check.words, returncode=NO_CONNECTION)
            self.stdout.write(check.words)

    def _account(self, place: Site, options: dict[str, Any]) -> tuple[MarketplaceAccount, bool]:
        """The account of this name, and whether it was made just now."""
        name, role = options["name"].strip(), options["role"]
        known = MarketplaceAccount.objects.filter(name__iexact=name).first()
        if known is None:
            company = accounts.company_for(options["company"], site=place, by=None)
            made = accounts.add_account(site=place, role=role, name=name, company=company, by=None)
            return made, True
        is_same = (known.platform, known.country, known.fulfilment) == (
            place.platform,
            place.country,
            accounts.ROLES[role],
        )
        if not is_same:
            raise CommandError(
                f"There is an account called {known} already, on another platform or in another"
                " role. Choose another name.",
                returncode=REFUSED,
            )
        return known, False
