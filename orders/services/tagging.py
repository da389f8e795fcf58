"""Tags on orders, and the tags there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, kept_queries, live
from core.errors import RuleViolation, StaleData
from core.jobs import enqueue
from orders import tagging
from orders.models import Order, Tag
from orders.services.asking import check_stamp, locked, write

MOST = 10  # on one order; more say nothing any more
LIST = "orders.order_list"
CHUNK = 2_000  # orders changed in one statement

# --- On orders --------------------------------------------------------------------------------


@transaction.atomic
def tag_order(order: Order, names: Iterable[str], *, by: User | None, stamp: str = "") -> None:
    """Put tags on an order, behind those it has. One that it has already changes nothing."""
    retag_order(order, add=names, by=by, stamp=stamp)


@transaction.atomic
def untag_order(order: Order, names: Iterable[str], *, by: User | None, stamp: str = "") -> None:
    """Take tags off an order."""
    retag_order(order, remove=names, by=by, stamp=stamp)


@transaction.atomic
def retag_order(
    order: Order, *, add: Iterable[str] = (), remove: Iterable[str] = (), by: User | None,
    stamp: str = "",
) -> None:  # fmt: skip
    """Put tags on an order and take others off. What others did to it meanwhile stays.

    Names are meant as they are now, also where the order still holds a former one.
    """
    wanted, gone = _known(add), set(remove)
    order = locked(order)
    check_stamp(order, stamp)
    has = tagging.current_names(order.tags)
    tags = list(dict.fromkeys([*(name for name in has if name not in gone), *wanted]))
    if tags == has:
        return
    if len(tags) > MOST:
        raise RuleViolation(_("An order can have %(n)s tags at most.") % {"n": MOST})
    order.tags = tags
    write(order, "order.tagged", by=by, before={"tags": has}, fields=["tags"])


def _known(names: Iterable[str]) -> list[str]:
    """These names, which must be tags there are. Held, so that none is removed meanwhile."""
    wanted = list(dict.fromkeys(names))
    there = set(
        Tag.objects.in_use().locked().filter(name__in=wanted).values_list("name", flat=True)
    )
    if missing := [name for name in wanted if name not in there]:
        raise RuleViolation(_("There is no tag “%(tag)s” any more.") % {"tag": missing[0]})
    return wanted


# --- The tags there are -----------------------------------------------------------------------


@transaction.atomic
def create_tag(*, name: str, colour: str, position: int = 0, by: User) -> Tag:
    name = _free_name(name)
    tag = Tag.objects.create(name=name, colour=colour, position=position)
    audit.record("tag.created", tag, by=by)
    live.touch("tags", tag.pk)
    return tag


@transaction.atomic
def change_tag(
    tag: Tag, *, name: str, colour: str, position: int, by: User, stamp: str = ""
) -> Tag:
    """Change a tag. Orders that have it follow in the background; lists show the new name at once.

    Until all have followed, its former names are taken. `stamp` is that of what the person looked
    at; "" is not asked.
    """
    tag = Tag.objects.in_use().locked().get(pk=tag.pk)
    if stamp and stamp != tag.stamp:
        raise StaleData(
            _("%(name)s was changed by somebody else in the meantime. Look at it and try again.")
            % {"name": tag}
        )
    before = {"name": tag.name, "colour": tag.colour, "position": tag.position}
    if name != tag.name:
        tag.former_names = [*tag.former_names, tag.name]
        tag.name = _free_name(name, but=tag)
        tag.former_names = [former for former in tag.former_names if former != tag.name]
    tag.colour, tag.position = colour, position
    after = {"name": tag.name, "colour": tag.colour, "position": tag.position}
    tag.save()
    audit.record("tag.changed", tag, by=by, changes=audit.changed(before, after))
    _follow(tag)
    return tag


@transaction.atomic
def remove_tag(tag: Tag, *, by: User) -> None:
    """Take a tag away from everywhere: from choices at once, from orders in the background."""
    tag = Tag.objects.in_use().locked().get(pk=tag.pk)
    tag.is_removed = True
    tag.save(update_fields=["is_removed"])
    audit.record("tag.removed", tag, by=by)
    _follow(tag)


def _follow(tag: Tag) -> None:
    if tag.former_names or tag.is_removed:
        enqueue("orders.settle_tags")
    live.touch("tags", tag.pk)
    live.touch("orders")


def _free_name(name: str, but: Tag | None = None) -> str:
    name = " ".join(name.split())
    others = Tag.objects.exclude(pk=but.pk) if but else Tag.objects.all()
    if others.filter(name__iexact=name).exists():
        raise RuleViolation(_("There is a tag “%(tag)s” already.") % {"tag": name})
    if others.filter(former_names__contains=[name]).exists():
        raise RuleViolation(
            _("“%(tag)s” is still being renamed on orders. Try again in a minute.") % {"tag": name}
        )
    return name


# --- In the background ------------------------------------------------------------------------

# What an order holds under a former name, it holds under the new one; once, however often before.
SETTLE = """
    WITH holding AS (
        SELECT id FROM orders_order
        WHERE tags && %(old)s::text[] AND NOT tags = '{}'
        ORDER BY id LIMIT %(most)s FOR NO KEY UPDATE
    )
    UPDATE orders_order SET tags = ARRAY(
        SELECT name FROM (
            SELECT CASE WHEN name = ANY(%(old)s::text[]) THEN %(new)s ELSE name END AS name, place
            FROM unnest(tags) WITH ORDINALITY AS held (name, place)
        ) held
        WHERE name IS NOT NULL GROUP BY name ORDER BY min(place)
    )
    FROM holding WHERE orders_order.id = holding.id
    RETURNING orders_order.id
"""


def unsettled() -> list[Tag]:
    """Tags of which orders may still hold a former name, or the name although it is removed."""
    return [tag for tag in Tag.objects.order_by("pk") if tag.former_names or tag.is_removed]


@transaction.atomic
def settle_some(tag: Tag) -> int:
    """Bring some orders up to date; 0 when none is left, and then the tag forgets what was."""
    found = Tag.objects.locked().filter(pk=tag.pk).first()
    if found is None:
        return 0
    old = [*found.former_names, *([found.name] if found.is_removed else [])]
    pks = _settle(old, None if found.is_removed else found.name)
    if pks:
        live.touch("orders", *pks)
    elif found.is_removed:
        found.delete()
    else:
        kept_queries.rename_value(LIST, "tag", found.former_names, found.name)
        found.former_names = []
        found.save(update_fields=["former_names"])
    return len(pks)


def _settle(old: Sequence[str], new: str | None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {"old": list(old), "new": new, "most": CHUNK})
        return [pk for (pk,) in cursor.fetchall()]
