import factory
from django.utils import timezone

from accounts.choices import Fulfilment
from emag.models import ApiCall, Credential, Outcome, RejectedPayload, Snapshot
from emag.models.calls import pack
from emag.pulls.storing import canonical, digest_of
from tests.factories.accounts import MarketplaceAccountFactory


class EmagAccountFactory(MarketplaceAccountFactory):
    """An account on eMAG Romania that ships its own orders."""

    platform = "emag"

    class Params:
        fbe = factory.Trait(fulfilment=Fulfilment.MARKETPLACE)


class CredentialFactory(factory.django.DjangoModelFactory):
    """How MagFlow signs in for an account."""

    class Meta:
        model = Credential

    account = factory.SubFactory(EmagAccountFactory)
    username = factory.Sequence(lambda n: f"user{n}")
    base_url = "http://127.0.0.1:9/api-3"  # nobody listens there; never eMAG itself
    password = "secret"


class SnapshotFactory(factory.django.DjangoModelFactory):
    """What eMAG said last of an order."""

    class Meta:
        model = Snapshot

    class Params:
        raw = factory.LazyAttribute(lambda one: {"id": int(one.external_id), "type": 3})

    account = factory.SubFactory(EmagAccountFactory)
    kind = "order:3"
    external_id = factory.Sequence(lambda n: str(500_000_000 + n))
    text = factory.LazyAttribute(lambda one: canonical(one.raw))
    digest = factory.LazyAttribute(lambda one: digest_of(one.text))
    read_at = factory.LazyFunction(timezone.now)


class RejectedPayloadFactory(factory.django.DjangoModelFactory):
    """An order that could not be read."""

    class Meta:
        model = RejectedPayload

    account = factory.SubFactory(EmagAccountFactory)
    kind = "order:3"
    external_id = factory.Sequence(lambda n: str(600_000_000 + n))
    payload = '{"id": 600000000, "products": "none", "note": "Țepeș"}'
    digest = b"0" * 16
    messages = ["products: should be a list"]


class ApiCallFactory(factory.django.DjangoModelFactory):
    """A reading of orders that went well."""

    class Meta:
        model = ApiCall

    class Params:
        request = '{"currentPage":1,"itemsPerPage":100}'
        reply = '{"isError":false,"messages":[],"results":[]}'

    account = factory.SubFactory(EmagAccountFactory)
    call_id = factory.Sequence(lambda n: f"{n:016x}")
    resource = "order"
    action = "read"
    method = "POST"
    url = "http://127.0.0.1/api-3/order/read"
    bucket = "orders"
    is_read = True
    status = 200
    outcome = Outcome.DONE
    took_ms = 120
    sent = factory.LazyAttribute(lambda call: pack(call.request))
    received = factory.LazyAttribute(lambda call: pack(call.reply))
