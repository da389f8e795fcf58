"""Products have pictures that can be looked at: drawings, on the very server of the marketplace."""

import http.client

import pytest

from emag.simulator import pictures


def got(sim, path):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Content-Type"), answer.read()


@pytest.fixture
def urls(sim, main):
    sim.add_account(username="shop", offers=6)
    shop = type(main)(sim, sim.world.account("shop"))
    offers = shop.call("product_offer/read", {}).results
    return [image["url"] for offer in offers for image in offer["images"]]


def test_it_works(sim, urls):
    assert len(urls) >= 6
    status, kind, body = got(sim, urls[0].partition(str(sim.port))[2])
    assert (status, kind) == (200, "image/svg+xml")
    assert body.startswith(b"<svg")


def test_they_lead_to_the_address_that_was_called(sim, urls):
    assert all(url.startswith(f"http://127.0.0.1:{sim.port}/r/") for url in urls)


def test_the_same_product_looks_the_same_and_another_does_not():
    first, again, other = (pictures.reply(f"/r/{n:06d}-1.jpg").body for n in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize("path", ["/r/", "/r/1.jpg", "/r/../x", "/r/1-1.png", "/r/x-1.jpg"])
def test_there_are_no_others(sim, path):
    assert got(sim, path)[0] == 404


def test_a_call_for_one_is_no_call_of_the_interface(sim):
    before = len(sim.journal())
    got(sim, "/r/000001-1.jpg")
    assert len(sim.journal()) == before
