"""What became of a call, in words for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from emag.models.calls import ApiCall, Outcome

_DONE_READ = _("eMAG answered.")
_DONE_WRITE = _("eMAG did what was asked.")
_WORDS: dict[str, str | Promise] = {
    Outcome.REMARKS: _("eMAG did what was asked and remarked something."),
    Outcome.PARTLY: _("eMAG did part of it and refused the rest."),
    Outcome.REFUSED: _("eMAG understood and refused. Nothing was changed there."),
    Outcome.LIMITED: _("eMAG counted too many calls. Calls of this kind waited a while after it."),
    Outcome.ACCESS: _("eMAG did not let the account in. Nothing was changed there."),
    Outcome.UNAVAILABLE: _("No usable answer came. Nothing was changed there; it is tried again."),
    Outcome.UNKNOWN: _("The change was sent and no usable answer came: it was made or not."),
    Outcome.DRIFT: _("eMAG answered in a way that MagFlow does not understand."),
}


def explain(call: ApiCall) -> str:
    """One sentence: what happened, and whether anything was changed over there."""
    if call.outcome == Outcome.DONE:
        return str(_DONE_READ if call.is_read else _DONE_WRITE)
    return str(_WORDS[call.outcome])
