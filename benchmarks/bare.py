"""The floor: the same fifty rows in the plainest hand-written template, and no middleware."""

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine

from core.models import AuditEntry

TEMPLATE = Engine().from_string(
    """<!doctype html><html><head><title>Audit trail</title></head><body><table>
<thead><tr><th>When</th><th>Who</th><th>What</th><th>On</th><th>Changes</th></tr></thead><tbody>
{% for entry in entries %}<tr><td>{{ entry.at|date:"Y-m-d H:i:s" }}</td>
<td>{{ entry.actor_name }}</td><td><a href="/audit/{{ entry.pk }}/">{{ entry.verb }}</a></td>
<td>{{ entry.subject_label }}</td><td>{% for name, values in entry.changes.items %}
{{ name }}: {{ values.0 }} → {{ values.1 }}{% endfor %}</td></tr>{% endfor %}
</tbody></table></body></html>"""
)


def audit_page(request: HttpRequest) -> HttpResponse:
    entries = AuditEntry.objects.order_by("-at", "-pk")[:50]
    return HttpResponse(TEMPLATE.render(Context({"entries": entries})))
