"""The HTML of the trainer's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from emag.simulator.accounts import PLATFORMS
from emag.simulator.faults import FAULTS
from emag.simulator.orders import life
from emag.simulator.orders.sums import amount_due
from emag.simulator.scenarios import SCENARIOS
from emag.simulator.world import World

STYLE = Path(__file__).with_name("control.css").read_text(encoding="utf-8")
STATUS = {0: "cancelled", 1: "new", 2: "in progress", 3: "prepared", 4: "finalised", 5: "returned"}
PAYMENTS = {1: "cash on delivery", 2: "bank transfer", 3: "card"}
KINDS = {
    "": "as it comes",
    "payment=1": "cash on delivery",
    "payment=3": "by card",
    "payment=2": "by bank transfer",
    "lines=6": "six products",
    "locker=1": "to a locker",
    "legal=1": "a company",
    "voucher=mixed": "with vouchers",
    "deposit=1": "with bottle deposit",
    "complete=0": "not complete yet",
}
MOVES = {
    "customer_cancel": "customer cancels",
    "staff_edit": "staff changes it",
    "pay": "payment arrives",
    "complete": "gets complete",
    "cancel_request": "customer asks to cancel",
    "finalize": "first AWB",
    "deliver": "delivered",
    "refuse_delivery": "delivery refused",
    "return_all": "all comes back",
    "auto_cancel": "cancelled by itself",
}
MOVES_OF_STATUS = {
    1: ("customer_cancel", "staff_edit", "pay", "complete", "auto_cancel"),
    2: ("cancel_request", "pay", "finalize"),
    3: ("cancel_request", "pay", "finalize"),
    4: ("deliver", "refuse_delivery", "pay", "return_all"),
}


@dataclass(frozen=True, slots=True)
class Quick:
    label: str
    params: dict[str, Any] = field(default_factory=dict)


RETURN_STATUS = {
    1: "incomplete",
    2: "new",
    3: "acknowledged",
    4: "refused",
    5: "cancelled",
    6: "received",
    7: "finalised",
}
RETURN_MOVES = {
    "acknowledge": "acknowledged",
    "receive": "received",
    "reject": "refused",
    "cancel": "customer cancels",
    "finalize": "finalised",
}
#: Faults worth a click, with what a trainer would want of them.
QUICK_FAULTS = {
    "http_503": Quick("Service unavailable (503)", {"body": "html"}),
    "http_429": Quick("Too many calls (429)"),
    "timeout_before": Quick("No reply, nothing done", {"seconds": 95}),
    "timeout_after": Quick("No reply, but done", {"seconds": 95}),
    "creds_revoked": Quick("Password no longer valid"),
    "ip_revoked": Quick("Address no longer allowed"),
    "html_200": Quick("HTML instead of JSON", {"applied": False}),
    "truncate": Quick("Replies break off"),
    "callback_lost": Quick("Callbacks get lost"),
    "unknown_fields": Quick("Unknown fields"),
}


def page(world: World, told: Mapping[str, str]) -> str:
    """The whole page, under the world's lock so that it shows one moment."""
    with world.store.lock:
        said = told.get("said", "")
        shown = (
            f'<p class="said {"bad" if told.get("bad") == "1" else ""}" role="status">'
            f"{escape(said)}</p>"
            if said
            else ""
        )
        parts = [
            section_orders(world),
            section_clock(world),
            section_scenario(world),
            section_faults(world),
            section_returns(world),
            section_accounts(world),
        ]
        wide = [section_recent(world), section_rules(world), section_calls(world)]
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<title>eMAG simulator</title><link rel="icon" href="data:,">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<style>{STYLE}</style></head><body><header><h1>eMAG simulator</h1>"
            f"<span>{escape(world.now_text())} in the marketplace</span>"
            f'<span class="dim">scenario {escape(world.scenario)}, seed {world.seed}</span>'
            '<a href="/">Refresh</a></header>'
            f"{shown}<main>{''.join(parts)}{''.join(wide)}</main></body></html>"
        )


def form(action: str, *fields: str, button: str, quiet: bool = False) -> str:
    style = ' class="quiet"' if quiet else ""
    inside = f"{''.join(fields)}<button{style}>{escape(button)}</button>"
    return f'<form method="post" action="/do/{action}">{inside}</form>'


def choice(name: str, label: str, options: Mapping[str, str], selected: str = "") -> str:
    inside = "".join(
        f'<option value="{escape(value)}"{" selected" if value == selected else ""}>'
        f"{escape(text)}</option>"
        for value, text in options.items()
    )
    return f'<label>{escape(label)}<select name="{name}">{inside}</select></label>'


def entry(name: str, label: str, value: str = "", *, kind: str = "text", hint: str = "") -> str:
    size = " min=1 max=20000" if kind == "number" else ""
    return (
        f'<label>{escape(label)}<input name="{name}" type="{kind}" value="{escape(value)}" '
        f'placeholder="{escape(hint)}"{size}></label>'
    )


def hidden(name: str, value: Any) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(str(value))}">'


def section(title: str, *parts: str, wide: bool = False) -> str:
    size = " class=wide" if wide else ""
    return f"<section{size}><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are HTML already."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    if not body:
        return '<p class="dim">Nothing yet.</p>'
    titles = "".join(f"<th>{escape(head)}</th>" for head in heads)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def accounts(world: World) -> dict[str, str]:
    return {one.key: f"{one.vendor_name} ({one.key})" for one in world.accounts.values()}


def section_orders(world: World) -> str:
    if not world.accounts:
        return section("New orders", '<p class="dim">There is no account yet.</p>')
    return section(
        "New orders",
        form(
            "order",
            choice("account", "Account", accounts(world)),
            choice("kind", "What kind", KINDS),
            entry("n", "How many", "1", kind="number"),
            button="Place",
        ),
        '<p class="dim">They arrive as if customers had just bought.</p>',
    )


def section_accounts(world: World) -> str:
    """Another shop to connect; one that is there keeps its world and gets the password."""
    platforms = {name: str(facts["host"]) for name, facts in PLATFORMS.items()}
    return section(
        "Accounts",
        form(
            "account",
            choice("platform", "Platform", platforms),
            entry("username", "User", hint="shop"),
            entry("password", "Password", "demo"),
            choice("kind", "Who ships", {"fbs": "the seller (FBS)", "fbe": "eMAG (FBE)"}),
            entry("offers", "With how many offers", "40", kind="number"),
            button="Add",
        ),
        f'<p class="dim">Known: {escape(", ".join(world.accounts) or "none")}</p>',
    )


def section_clock(world: World) -> str:
    return section(
        "Clock",
        form(
            "clock",
            choice(
                "advance",
                "Let pass",
                {
                    "PT10M": "10 minutes",
                    "PT1H": "1 hour",
                    "PT6H": "6 hours",
                    "P1D": "1 day",
                    "P3D": "3 days",
                },
            ),
            button="Advance",
        ),
        form("clock", hidden("mode", "frozen"), button="Stop the clock", quiet=True)
        + form(
            "clock",
            hidden("mode", "speed"),
            choice(
                "speed", "Speed", {"1": "real", "10": "10 ×", "60": "60 ×", "600": "600 ×"}, "1"
            ),
            button="Run",
            quiet=True,
        )
        + form("clock", hidden("mode", "real"), button="Back to the real time", quiet=True),
    )


def section_scenario(world: World) -> str:
    options = {name: f"{name}: {scenario.about}" for name, scenario in SCENARIOS.items()}
    return section(
        "Scenario",
        form("scenario", choice("name", "Change to", options, world.scenario), button="Change"),
        form(
            "config",
            hidden("name", "orders.every"),
            choice(
                "value",
                "An order by itself",
                {
                    "0": "never",
                    "10": "every 10 s",
                    "25": "every 25 s",
                    "60": "every minute",
                    "300": "every 5 minutes",
                },
                "25",
            ),
            button="Set",
            quiet=True,
        ),
        form("invariants", button="Check the world", quiet=True),
    )


def section_faults(world: World) -> str:
    quick = {name: fault.label for name, fault in QUICK_FAULTS.items()}
    others = {
        name: f"{name}: {about}"[:90]
        for name, about in sorted(FAULTS.items())
        if name not in QUICK_FAULTS
    }
    return section(
        "Something goes wrong",
        form(
            "fault",
            choice("name", "What", quick | others),
            choice("account", "For", {"": "every account"} | accounts(world)),
            choice(
                "route",
                "Calls",
                {
                    "": "all",
                    "order/*": "orders",
                    "order/read": "reading orders",
                    "order/acknowledge/*": "accepting orders",
                    "product_offer/*": "offers",
                    "offer/save": "saving offers",
                    "awb/*": "AWBs",
                    "callback/*": "callbacks",
                },
            ),
            entry("count", "How many times", kind="number", hint="always"),
            entry("minutes", "For minutes", kind="number", hint="until removed"),
            button="Switch on",
        ),
        form("remove_fault", button="All well again", quiet=True),
    )


def section_returns(world: World) -> str:
    """Returns of finalised orders: a new one, and what becomes of the latest."""
    if not world.accounts:
        return ""
    rows = []
    for account in world.accounts.values():
        docs = world.docs("rma", account)
        for id in docs.ids(limit=4):
            doing = form(
                "rma_event",
                hidden("id", id),
                hidden("account", account.key),
                choice("type", "", RETURN_MOVES),
                button="Do",
                quiet=True,
            )
            status = RETURN_STATUS.get(int((docs.get(id) or {}).get("request_status", 0)), "?")
            rows.append((escape(str(id)), escape(status), doing))
    return section(
        "Returns",
        form("rma", choice("account", "Account", accounts(world)), button="Send one back"),
        table(("Return", "Status", "What happens"), rows),
    )


def section_rules(world: World) -> str:
    rows = [
        (
            escape(rule["name"]),
            escape(
                ", ".join(f"{key} {value}" for key, value in rule["match"].items()) or "every call"
            ),
            escape("always" if rule["count"] is None else f"{rule['count']} times"),
            str(rule["strikes"]),
            form("remove_fault", hidden("id", rule["id"]), button="Remove", quiet=True),
        )
        for rule in world.faults.state()
    ]
    return section(
        "What goes wrong now", table(("Fault", "Calls", "How often", "So far", ""), rows), wide=True
    )


def section_recent(world: World) -> str:
    rows = []
    for account in world.accounts.values():
        for order in life.orders(world, account).page(0, 12):
            moves = {name: MOVES[name] for name in MOVES_OF_STATUS.get(order["status"], ())}
            doing = (
                form(
                    "order_event",
                    hidden("id", order["id"]),
                    hidden("account", account.key),
                    choice("type", "", moves),
                    button="Do",
                    quiet=True,
                )
                if moves
                else ""
            )
            paid = "paid" if order["payment_status"] else "not paid"
            rows.append(
                (
                    str(order["id"]),
                    escape(account.vendor_name),
                    escape(order["date"]),
                    escape(STATUS[order["status"]]),
                    escape(order["customer"]["name"]),
                    f"{amount_due(order)} {escape(order['currency'])}",
                    f"{escape(PAYMENTS.get(order['payment_mode_id'], '?'))}, {paid}",
                    doing,
                )
            )
    rows.sort(key=lambda row: row[2], reverse=True)
    return section(
        "Latest orders",
        table(
            (
                "Order",
                "Account",
                "Placed",
                "Status",
                "Customer",
                "Amount",
                "Payment",
                "What happens",
            ),
            rows[:15],
        ),
        wide=True,
    )


def section_calls(world: World) -> str:
    rows = [
        (
            str(call["n"]),
            escape(call["at"][11:]),
            escape(call["account"] or ""),
            escape(f"{call['method']} {call['route'] or call['path']}"),
            str(call["status"] or "no reply") + (" · isError" if call["is_error"] else ""),
            f"{call['took_ms'] or 0:.0f} ms",
            escape(", ".join(call["faults"])),
            escape((call["request"] or "")[:80]),
        )
        for call in reversed(world.journal.calls(last=25))
    ]
    referee = world.journal.referee()
    widest = "".join(
        f"<p class=dim>{escape(key)}: {facts['calls']} calls, widest second {facts['second']}, "
        f"widest minute {facts['minute']}, turned away {facts['limited']}</p>"
        for key, facts in referee.items()
    )
    return section(
        "Latest calls",
        widest,
        table(("No.", "Time", "Account", "Call", "Reply", "Took", "Faults", "Request"), rows),
        wide=True,
    )
