"""One function answers the page, its results, its dialogs and its errors."""

import re

import pytest
from django.http import QueryDict
from django.utils import timezone

from core.models import AuditEntry, JobRun
from core.tables import canonical

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "results"}


def entries(count, **fields):
    now = timezone.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now - timezone.timedelta(minutes=n),
            actor_name=f"Ana {n:03}",
            verb="person.changed",
            search_text=f"ana {n:03} changed",
            **fields,
        )
        for n in range(count)
    )


def shown(response) -> list[str]:
    return re.findall(r"Ana \d{3}", response.content.decode())


def test_it_works(manager_client):
    entries(3)
    response = manager_client.get("/audit/")
    assert response.status_code == 200
    assert b"<!doctype html>" in response.content
    assert shown(response) == ["Ana 000", "Ana 001", "Ana 002"]
    assert "1–3 of 3" in response.content.decode()


def test_htmx_gets_the_results_alone(manager_client):
    entries(3)
    response = manager_client.get("/audit/", headers=HTMX)
    body = response.content.decode()
    assert body.lstrip().startswith('<section id="results"')
    assert "<!doctype" not in body
    assert "HX-Request" in response["Vary"]
    assert "HX-Push-Url" not in response


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_boosted_or_restored_page_is_whole(manager_client, header):
    response = manager_client.get("/audit/", headers={**HTMX, header: "true"})
    assert b"<!doctype html>" in response.content


def test_who_may_not_see_it_does_not(viewer_client, client):
    assert viewer_client.get("/audit/").status_code == 403
    assert client.get("/audit/").status_code == 302


@pytest.mark.parametrize("url", ["", "?page=last", "?q=ana&verb=person.changed"])
@pytest.mark.parametrize("count", [1, 120])
def test_the_number_of_statements_does_not_grow(
    manager_client, django_assert_num_queries, url, count
):
    entries(count)
    manager_client.get("/audit/" + url)
    # Session, person and rows; the count only where there is more than one page.
    with django_assert_num_queries(4 if count > 50 else 3):
        manager_client.get("/audit/" + url)


def test_pages_lead_to_each_other(manager_client):
    entries(120)
    first = manager_client.get("/audit/")
    second = manager_client.get("/audit/" + link(first, "Next"))
    assert shown(second)[0] == "Ana 050"
    assert "51–100 of 120" in second.content.decode()
    last = manager_client.get("/audit/" + link(second, "Last"))
    assert shown(last) == [f"Ana {n:03}" for n in range(70, 120)]
    assert "71–120 of 120" in last.content.decode()
    back = manager_client.get("/audit/" + link(last, "Previous"))
    assert shown(back)[-1] == "Ana 069"
    assert "21–70 of 120" in back.content.decode()
    again = manager_client.get("/audit/" + link(last, "First"))
    assert shown(again) == shown(first)


def link(response, text) -> str:
    pattern = rf'href="([^"]*)"[^>]*>{text}</a>'
    return re.search(pattern, response.content.decode()).group(1).replace("&amp;", "&")


def test_sorting_by_a_header_and_back(manager_client):
    entries(3)
    first = manager_client.get("/audit/")
    assert 'aria-sort="descending"' in first.content.decode()
    query = re.search(r'href="(\?sort=[^"]*)"', first.content.decode()).group(1)
    second = manager_client.get("/audit/" + query)
    assert shown(second) == ["Ana 002", "Ana 001", "Ana 000"]
    assert 'aria-sort="ascending"' in second.content.decode()


@pytest.mark.parametrize("sort", ["nonsense", "actor_name", "-", "at;DROP TABLE", "search_text"])
def test_what_cannot_be_sorted_by_is_passed_over(manager_client, sort):
    entries(2)
    assert shown(manager_client.get("/audit/", {"sort": sort})) == ["Ana 000", "Ana 001"]


def test_a_search_with_two_letters_leaves_the_list_as_it_is(manager_client):
    entries(2)
    part = manager_client.get("/audit/?q=an", headers=HTMX)
    assert (part["HX-Reswap"], part["HX-Push-Url"]) == ("none", "false")
    assert 'id="search-hint"' in part.content.decode()
    assert "Type three letters or more" in part.content.decode()
    longer = manager_client.get("/audit/?q=ana", headers=HTMX).content.decode()
    assert 'id="search-hint"' in longer, "the hint goes away"
    assert "Type three letters" not in longer
    page = manager_client.get("/audit/?q=an").content.decode()
    assert "Type three letters or more" in page


def test_a_search_finds_any_fragment_without_diacritics(manager_client):
    entries(3)
    AuditEntry.objects.bulk_create(
        [AuditEntry(actor_name="Țurcanu Ștefan", verb="x", search_text="turcanu stefan x")]
    )
    response = manager_client.get("/audit/", {"q": "ȘTEF țurc"})
    assert "Țurcanu Ștefan" in response.content.decode()
    assert shown(response) == []


def test_the_address_that_is_kept_has_no_empty_values(manager_client):
    entries(1)
    response = manager_client.get("/audit/?q=&verb=&at=today", headers=HTMX)
    assert response["HX-Push-Url"] == "/audit/?at=today"
    assert 'hx-get="/audit/?at=today"' in response.content.decode()


def test_canonical_state():
    query = QueryDict("q=&a=1&a=&export=csv&_panel=x&sort=-at")
    assert canonical(query).urlencode() == "a=1&sort=-at"


def test_nothing_here_says_what_belongs_here(manager_client):
    JobRun.objects.all().delete()
    page = manager_client.get("/jobs/").content.decode()
    assert "No job has run yet" in page
    assert "<table" not in page


def test_nothing_matches_offers_the_way_back(manager_client):
    entries(2)
    page = manager_client.get("/audit/?actor_name=Nobody").content.decode()
    assert "Nothing matches these filters" in page
    assert 'href="/audit/"' in page


def test_a_filter_that_cannot_be_read_shows_nothing_and_says_why(manager_client):
    entries(2)
    response = manager_client.get("/audit/?at__gt=soon")
    assert shown(response) == []
    assert "Enter a valid date" in response.content.decode()


def test_the_filter_dialog_shows_what_filters_now(manager_client):
    page = manager_client.get(
        "/audit/?_panel=filters&at__between=2026-01-01..2026-01-31&actor_name__contains=Ana",
        headers=HTMX,
    ).content.decode()
    assert '<option value="between" selected>' in page
    assert 'value="2026-01-01"' in page
    assert 'value="2026-01-31"' in page
    assert 'name="actor_name" value="Ana"' in page


def test_the_filter_dialog_leads_to_the_filtered_list(manager_client):
    form = {
        "_panel": "apply",
        "_state": "sort=at&q=ana",
        "actor_name-op": "contains",
        "actor_name": "Ana",
    }
    response = manager_client.get("/audit/", form, headers=HTMX)
    assert response["HX-Redirect"] == "/audit/?sort=at&q=ana&actor_name__contains=Ana"
    assert manager_client.get("/audit/", form)["Location"] == response["HX-Redirect"]


def test_the_filter_dialog_keeps_what_was_typed_wrongly(manager_client):
    form = {"_panel": "apply", "_state": "", "at-op": "gt", "at": "31.02."}
    response = manager_client.get("/audit/", form, headers=HTMX)
    assert response.status_code == 422
    assert "Enter a valid date" in response.content.decode()
    assert 'value="31.02."' in response.content.decode()


def test_tabs_mark_the_one_that_is_open(manager_client):
    page = manager_client.get("/jobs/?status=failed&status=died").content.decode()
    assert re.search(r'class="on" aria-current="page">\s*Failed', page)


def test_the_columns_a_person_chose(manager, manager_client):
    entries(1)
    manager.preferences = {"columns": {"ops.audit_list": ["source", "actor_name", "gone"]}}
    manager.save()
    page = manager_client.get("/audit/").content.decode()
    heads = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page)
    assert heads == ["Source", "Who"]


def test_hostile_text_is_shown_and_never_run(manager_client):
    text = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                actor_name=text[:100],
                subject_label=text,
                verb=text[:50],
                changes={text: [text, text]},
            )
        ]
    )
    for url in ("/audit/", "/audit/?actor_name__contains=%3Cscript%3E", "/audit/?q=%3Cscript%3E"):
        page = manager_client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_fragment_brings_the_tabs_along(manager_client):
    body = manager_client.get("/jobs/?status=running", headers=HTMX).content.decode()
    tabs = re.search(
        r'<nav id="list-tabs"[^>]*hx-swap-oob="true".*?</nav>', body, re.DOTALL
    ).group()
    assert re.search(r'class="on" aria-current="page">\s*Running', tabs)
    assert 'hx-swap-oob="true"' not in manager_client.get("/jobs/").content.decode()


def test_the_filter_dialog_keeps_two_operators_of_one_column(manager_client):
    query = "at__gt=2026-01-01&at__lt=2026-12-31"
    page = manager_client.get(f"/audit/?_panel=filters&{query}", headers=HTMX).content.decode()
    assert page.count('name="at-op"') == 2
    form = {"_panel": "apply", "_state": query, "at-op": ["gt", "lt"], "at-to": ["", ""]}
    form["at"] = ["2026-01-01", "2026-12-31"]
    response = manager_client.get("/audit/", form, headers=HTMX)
    assert response["HX-Redirect"] == f"/audit/?{query}"
