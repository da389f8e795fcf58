from orders.models.counts import OrderCount
from orders.models.customers import Customer, CustomerQuerySet, NotSamePerson, Person
from orders.models.documents import DocumentVisit, OrderDocument
from orders.models.lines import LineDeposit, OrderLine
from orders.models.notes import Mention, OrderNote
from orders.models.orders import Order, OrderQuerySet
from orders.models.parts import OrderAddress, OrderAttachment, OrderProforma, OrderVoucher
from orders.models.scoring import CustomerBase, FigureNudge, ScoringRules
from orders.models.tags import Tag, TagColour

__all__ = [
    "Customer",
    "CustomerBase",
    "CustomerQuerySet",
    "DocumentVisit",
    "FigureNudge",
    "LineDeposit",
    "Mention",
    "NotSamePerson",
    "Order",
    "OrderAddress",
    "OrderAttachment",
    "OrderCount",
    "OrderDocument",
    "OrderLine",
    "OrderNote",
    "OrderProforma",
    "OrderQuerySet",
    "OrderVoucher",
    "Person",
    "ScoringRules",
    "Tag",
    "TagColour",
]
