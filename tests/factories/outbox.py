import factory

from outbox.choices import Priority
from outbox.models import Attempt, Command, Lane
from tests.bazaar import EXECUTOR, Buy
from tests.factories.accounts import MarketplaceAccountFactory


class LaneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lane

    executor = EXECUTOR
    account = factory.SubFactory(MarketplaceAccountFactory)


class CommandFactory(factory.django.DjangoModelFactory):
    """A queued purchase of a label, about nothing in particular."""

    class Meta:
        model = Command

    kind = Buy.spec.kind
    executor = EXECUTOR
    account = factory.SubFactory(MarketplaceAccountFactory)
    payload = factory.Sequence(lambda n: {"thing_id": n})
    once_key = factory.Sequence(lambda n: f"tests.Buy|bazaar|{n}")
    priority = Priority.URGENT


class AttemptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Attempt

    command = factory.SubFactory(CommandFactory)
    number = 1
