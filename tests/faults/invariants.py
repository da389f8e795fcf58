"""What must hold after every fault, by eMAG's own journal and our tables, never by our own code.

`broken(world)` lists what does not hold, each line beginning with the number of the invariant as in
the list of invariants: I1 no order lost · I2 none twice, none torn · I3 never older over newer ·
I7/I8 each remote effect once, or flagged · I10 pushed = wanted · I11 limits kept · I12 the queue
drains · I13 the audit trail tells it all · I15 the user was told.
"""

import json
from decimal import Decimal

from emag.simulator.journal import widest
from emag.simulator.orders.sums import amount_due
from tests.faults.world import ACKNOWLEDGE, sql

LIMITS = {"orders": (12, 720), "rest": (3, 180)}
RANK = ["new", "accepted", "picking", "packed", "shipped", "delivered", "returned"]
ZONE = "Europe/Bucharest"
ON_THE_WAY = 0.06  # seconds by which the ways of two calls may differ


def check_all(world, **allowed):
    found = broken(world, **allowed)
    assert not found, "\n".join(found)


def broken(world, *, flagged=False, limited=0, others=True):
    """`flagged`: something may wait for a person. `limited`: calls that eMAG may have refused.
    `others`: the second account was read as well."""
    found = []
    for account in world.accounts if others else [world.main]:
        truth = world.truth("order", account)
        found += orders_are_whole(account, truth)
        found += acknowledged_once(world, account, truth)
        found += pushed_is_wanted(world, account)
        found += queue_is_dry(account, flagged=flagged)
        found += audit_replays(account)
        found += user_was_told(account)
    found += limits_kept(world, limited)
    return found


# --- I1 I2 I3 ---------------------------------------------------------------------------------


def orders_are_whole(account, truth):
    rows = sql(
        f"""
        SELECT o.external_id::bigint, o.total, o.remote_status,
               to_char(o.changed_at AT TIME ZONE '{ZONE}', 'YYYY-MM-DD HH24:MI:SS'),
               count(l.id) FILTER (WHERE l.vanished_at IS NULL),
               coalesce(sum(l.quantity) FILTER (WHERE l.vanished_at IS NULL), 0),
               count(l.id) - count(DISTINCT l.external_id),
               (SELECT count(*) FROM orders_orderaddress a WHERE a.order_id = o.id)
          FROM orders_order o LEFT JOIN orders_orderline l ON l.order_id = o.id
         WHERE o.account_id = %s GROUP BY o.id
        """,
        account.pk,
    )
    found, ours = [], {}
    for number, *facts in rows:
        if number in ours:
            found.append(f"I2 order {number} is there twice")
        ours[number] = facts
    found += [f"I1 order {number} was lost" for number in truth.keys() - ours.keys()]
    found += [f"I1 order {number} does not exist there" for number in ours.keys() - truth.keys()]
    for number in truth.keys() & ours.keys():
        found += as_there(number, truth[number], *ours[number])
    return found


def as_there(number, there, total, status, changed, lines, pieces, twice, addresses):
    products = there["products"]
    if lines != len(products) or twice or not addresses:
        yield f"I2 order {number} is torn: {lines} of {len(products)} lines, {addresses} addresses"
    if pieces != sum(int(line["quantity"]) for line in products):
        yield f"I2 order {number} has {pieces} pieces"
    if total != amount_due(there):
        yield f"I2 order {number} costs {total}, there {amount_due(there)}"
    if status != str(there["status"]):
        yield f"I3 order {number} is {status} here and {there['status']} there"
    if changed != there["modified"]:
        yield f"I3 order {number} is of {changed}, there of {there['modified']}"


# --- I7 I8 ------------------------------------------------------------------------------------


def acknowledged_once(world, account, truth):
    """Once carried out, nobody asks for it again; and we know of all that was carried out."""
    found = []
    asked = {}
    for call in world.calls(ACKNOWLEDGE, account):
        asked.setdefault(int(call["path"].rsplit("/", 1)[1]), []).append(call)
    commands = {}
    for number, status, retry, error in sql(
        "SELECT o.external_id::bigint, c.status, c.next_attempt_at, c.error"
        "  FROM outbox_command c JOIN orders_order o ON o.id = c.subject_id"
        " WHERE c.kind = 'orders.AcceptOrder' AND c.account_id = %s",
        account.pk,
    ):
        commands.setdefault(number, []).append((status, retry, error))
    for number in truth:
        calls, rows = asked.get(number, []), commands.get(number, [])
        done = [n for n, call in enumerate(calls) if call["effects"]]
        statuses = [row[0] for row in rows]
        if len(done) > 1:
            found.append(f"I7 order {number} was acknowledged {len(done)} times")
        if done and len(calls) > done[0] + 1:
            found.append(f"I8 order {number} was acknowledged, and asked for again")
        if done and not {"done", "uncertain"} & set(statuses):
            found.append(f"I8 order {number} was acknowledged and nobody knows: {statuses}")
        if "done" in statuses and truth[number]["status"] == 1:
            found.append(f"I8 order {number} is said to be accepted, and is new there")
        if statuses.count("done") > 1:
            found.append(f"I8 order {number} has two acceptances")
    if truth and account.accepts_automatically:
        left = [number for number, order in truth.items() if order["status"] == 1]
        known = {number for number, rows in commands.items() if rows}
        found += [f"I12 order {number} waits for nobody" for number in set(left) - known]
    return found


# --- I10 --------------------------------------------------------------------------------------


def pushed_is_wanted(world, account):
    """What people last asked for, by the audit trail, is what eMAG has, and what we say it has."""
    rows = sql(
        "SELECT id, external_id::bigint, price, stock, wanted_at FROM catalog_offer"
        " WHERE account_id = %s",
        account.pk,
    )
    if not rows:
        return []
    truth, wishes, found = world.truth("offer", account), asked_for(account), []
    refused = {row[0] for row in sql(
        "SELECT subject_id FROM outbox_command WHERE account_id = %s AND status = 'failed'",
        account.pk,
    )}  # fmt: skip
    for pk, number, price, stock, wanted_at in rows:
        if pk in refused:
            continue
        there = truth[number]
        theirs = {"price": Decimal(there["sale_price"]), "stock": int(there["general_stock"])}
        ours = {"price": price, "stock": stock}
        if wanted_at is not None:
            found.append(f"I10 offer {number} still waits")
        for name, value in theirs.items():
            wanted = wishes.get(pk, {}).get(name)
            if ours[name] != value:
                found.append(f"I10 {name} of offer {number} is {ours[name]} here, {value} there")
            if wanted is not None and Decimal(str(wanted)) != value:
                found.append(f"I10 {name} of offer {number} should be {wanted}, is {value} there")
    for pk in wishes.keys() & {row[0] for row in rows} - refused:
        number = next(str(row[1]) for row in rows if row[0] == pk)
        if not world.sim.effects(kind="offer.saved", account=account.there, subject=number):
            found.append(f"I8 offer {number} was never sent")
    return found


def asked_for(account):
    wishes = {}
    for pk, changes in audit(account, "catalog.offer", "catalog_offer", "offer.changed"):
        for name, (_before, after) in changes.items():
            wishes.setdefault(pk, {})[name] = after
    return wishes


# --- I11 --------------------------------------------------------------------------------------


def limits_kept(world, limited):
    """The referee: the fullest stretch of a second and of a minute, over all our processes.

    A call may take a little longer or shorter from us to them than the one before it. That is not
    ours to govern, and on a busy machine more than the few hundredths that the gate allows for.
    """
    found = []
    for account in world.accounts:
        for bucket, limits in LIMITS.items():
            calls = world.sim.journal(account=account.there, bucket=bucket)
            moments = sorted(call["wall"] for call in calls)
            for span, limit in zip((1.0, 60.0), limits, strict=True):
                most = widest(moments, span - ON_THE_WAY) if moments else 0
                if most > limit * world.scale:
                    found.append(f"I11 {account} {bucket}: {most} calls in {span:.0f} s")
            refused = sum(call["limited"] for call in calls)
            if refused > limited:
                found.append(f"I11 {account} {bucket}: {refused} calls were too many")
    return found


# --- I12 --------------------------------------------------------------------------------------


def queue_is_dry(account, *, flagged):
    """All our processes have ended: nothing can be running, and nothing may be forgotten."""
    found = []
    paused = sql("SELECT 1 FROM outbox_lane WHERE account_id=%s AND paused_at IS NOT NULL",
                 account.pk)  # fmt: skip
    for pk, kind, status, error in sql(
        "SELECT id, kind, status, error FROM outbox_command WHERE account_id = %s", account.pk
    ):
        if status == "running":
            found.append(f"I12 {kind} {pk} is running, and no worker holds it")
        if status in {"queued", "waiting"} and not paused:
            found.append(f"I12 {kind} {pk} is {status}: {error}")
        if status in {"uncertain", "failed"} and not flagged:
            found.append(f"I12 {kind} {pk} is {status}: {error}")
    for name, key in sql("SELECT name, key FROM core_jobrun WHERE status = 'running'"):
        found.append(f"I12 job {name} {key} is running, and no worker is at it")
    for (pk,) in sql(
        "SELECT a.id FROM outbox_attempt a JOIN outbox_command c ON c.id = a.command_id"
        " WHERE a.outcome = 'started' AND c.account_id = %s",
        account.pk,
    ):
        found.append(f"I12 attempt {pk} never ended")
    return found


# --- I13 --------------------------------------------------------------------------------------


def audit_replays(account):
    """Told one after the other, what happened leads to the status that is stored."""
    found, told = [], {}
    for pk, changes in audit(account, "orders.order", "orders_order"):
        if "status" not in changes:
            continue
        before, after = changes["status"]
        if before != told.get(pk, ""):
            found.append(f"I13 order {pk} became {after} from {before}, was {told.get(pk)}")
        if before in RANK and after in RANK and RANK.index(after) < RANK.index(before):
            found.append(f"I3 order {pk} went back from {before} to {after}")
        told[pk] = after
    for pk, status in sql("SELECT id, status FROM orders_order WHERE account_id = %s", account.pk):
        if told.get(pk) != status:
            found.append(f"I13 order {pk} is {status}, its audit trail ends with {told.get(pk)}")
    return found


def audit(account, kind, table, verb=None):
    rows = sql(
        f"SELECT e.subject_id, e.changes::text FROM core_auditentry e JOIN {table} t"
        "     ON t.id = e.subject_id WHERE e.subject_type = %s AND t.account_id = %s"
        "   AND (%s::text IS NULL OR e.verb = %s) ORDER BY e.at, e.id",
        kind, account.pk, verb, verb,
    )  # fmt: skip
    return [(pk, json.loads(changes)) for pk, changes in rows]


# --- I15 --------------------------------------------------------------------------------------


def user_was_told(account):
    """Done, or will be tried at a time, or waits for a person with a reason in words."""
    found = [
        f"I15 {kind} {pk} is {status} and says neither why nor when"
        for pk, kind, status, error, due in sql(
            "SELECT id, kind, status, error, next_attempt_at FROM outbox_command"
            " WHERE account_id = %s AND status IN ('waiting', 'failed', 'uncertain')",
            account.pk,
        )
        if not error or (status == "waiting" and due is None)
    ]
    found += [
        f"I15 job {name} failed without a word"
        for name, error in sql(
            "SELECT name, error FROM core_jobrun WHERE key = %s AND status IN ('failed', 'died')",
            str(account.pk),
        )
        if not error
    ]
    found += [
        f"I15 payload {number} was set aside without a word"
        for number, messages in sql(
            "SELECT external_id, messages::text FROM emag_rejectedpayload WHERE account_id = %s",
            account.pk,
        )
        if messages in ("[]", "null", "{}")
    ]
    return found
