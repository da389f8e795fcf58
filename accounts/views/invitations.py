"""The one page a stranger may open: accepting an invitation."""

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import links
from accounts.choices import PersonStatus
from accounts.forms import JoinForm
from accounts.models import User
from accounts.services import people
from core.pages import render_page


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def invitation_accept(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Choose a name and a password; the link is worthless afterwards."""
    person = User.objects.filter(pk=pk).first()
    if (
        person is None
        or not links.invitation_tokens.check_token(person, token)
        or person.status != PersonStatus.INVITED
    ):
        return render_page(request, "accounts/invitation_dead.html", status=410)
    form = JoinForm(request.POST or None, person=person, initial={"name": person.name})
    if form.is_bound and form.is_valid():
        person = people.accept_invitation(person, **form.cleaned_data)
        answer: HttpResponse = perform_login(request, person)
        return answer
    context = {"form": form, "person": person}
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/invitation_accept.html", context, status=status)
