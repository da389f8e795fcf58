"""What a person would call the thing they sign in with, read from its user agent."""

import ipaddress
from dataclasses import dataclass

from django.utils.translation import gettext as _

# The first that fits wins: most browsers also claim to be the ones further down.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone", "phone"),
    ("iPad", "iPad", "tablet"),
    ("Android", "Android", "phone"),
    ("CrOS", "ChromeOS", "desktop"),
    ("Windows", "Windows", "desktop"),
    ("Macintosh", "macOS", "desktop"),
    ("Linux", "Linux", "desktop"),
)


@dataclass(frozen=True, slots=True)
class Device:
    browser: str
    system: str
    kind: str  # desktop, phone, tablet, program

    def __str__(self) -> str:
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {
                "browser": self.browser,
                "system": self.system,
            }
        return self.browser or self.system or _("Unknown device")

    @property
    def icon(self) -> str:
        return {"phone": "device-mobile", "tablet": "device-tablet"}.get(
            self.kind, "device-desktop"
        )


def device(user_agent: str) -> Device:
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system, kind = next(
        ((name, kind) for sign, name, kind in SYSTEMS if sign in user_agent), ("", "program")
    )
    if system == "Android" and "Mobile" not in user_agent:
        kind = "tablet"
    return Device(browser, system, kind)


def place(address: str) -> str:
    """The address, with a word for those that say nothing about where on earth it is."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.is_loopback:
        return _("this computer (%(ip)s)") % {"ip": address}
    if ip.is_private:
        return _("your network (%(ip)s)") % {"ip": address}
    return address
