"""HTTP to others, over real sockets: every failure named by whether something may have happened."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.errors import (
    ContractDrift,
    RemoteAuthFailed,
    RemoteError,
    RemoteOutcomeUnknown,
    RemoteRejected,
    RemoteUnavailable,
)
from core.http import Remote
from core.http.remote import retry_after
from tests.emag_stage import Stage
from tests.wire import WireServer, deaf_port, free_port


@pytest.fixture(scope="module")
def server():
    made = WireServer()
    yield made
    made.close()


@pytest.fixture
def log():
    return []


@pytest.fixture
def remote(server, log):
    server.seen.clear()
    return Remote(
        "eMAG",
        server.url,
        auth=("ana", "geheim"),
        connect_timeout=0.5,
        read_timeout=0.5,
        total_timeout=1.0,
        observe=log.append,
    )


def test_it_works(remote, server, log):
    reply = remote.call("POST", "/ok", json={"a": 1}, params={"page": 2})
    assert (reply.status, reply.json()) == (200, {"seen": 1})
    [request] = server.seen
    assert request.startswith(b"POST /ok?page=2 HTTP/1.1\r\n")
    assert request.endswith(b'{"a": 1}')
    assert b"Authorization: Basic" in request
    assert b"User-Agent: MagFlow/" in request
    [exchange] = log
    assert (exchange.method, exchange.status, exchange.error) == ("POST", 200, "")
    assert (exchange.call_id, exchange.sent) == (reply.call_id, '{"a": 1}')
    assert exchange.received == '{"seen": 1}'


# --- Nothing was sent -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_where_nobody_listens_nothing_was_executed(method):
    with pytest.raises(RemoteUnavailable, match="ANAF cannot be reached"):
        Remote("ANAF", f"http://127.0.0.1:{free_port()}").call(method, "/x")


def test_a_name_that_does_not_exist():
    with pytest.raises(RemoteUnavailable):
        Remote("ANAF", "http://does-not-exist.invalid").call("POST", "/x")


def test_a_connection_that_is_never_made():
    with deaf_port() as port:
        began = time.monotonic()
        with pytest.raises(RemoteUnavailable):
            Remote("ANAF", f"http://127.0.0.1:{port}", connect_timeout=0.3).call("POST", "/x")
        assert time.monotonic() - began < 2


def test_a_name_that_leads_into_our_network_is_not_called(server, log):
    """Whoever owns a name says where it leads, also after it was looked at."""
    server.seen.clear()
    url = server.url.replace("127.0.0.1", "localhost")
    stranger = Remote("eMAG", url, only_public=True, observe=log.append)
    with pytest.raises(RemoteUnavailable, match="not on the public internet"):
        stranger.call("POST", "/ok")
    assert server.seen == []
    assert log[-1].status is None
    assert Remote("eMAG", url).call("GET", "/ok").status == 200


def test_a_proxy_of_the_platform_may_be_in_our_network(monkeypatch):
    stage = Stage()
    stage.will_answer({})
    monkeypatch.setenv("http_proxy", stage.url)
    monkeypatch.setenv("no_proxy", "")
    try:
        reply = Remote("eMAG", "http://shop.example/", only_public=True).call("GET", "/ok")
    finally:
        stage.close()
    assert reply.status == 200


def test_a_handshake_that_fails(server, remote):
    secure = Remote("ANAF", server.url.replace("http:", "https:"), connect_timeout=0.3)
    with pytest.raises(RemoteUnavailable):
        secure.call("POST", "/ok")
    assert not any(request.startswith(b"POST") for request in server.seen)


def test_a_handshake_that_drips_ends_in_time():
    with deaf_listener() as port:
        began = time.monotonic()
        remote = Remote("ANAF", f"https://127.0.0.1:{port}", total_timeout=0.5, connect_timeout=30)
        with pytest.raises(RemoteUnavailable):
            remote.call("POST", "/x")
        assert time.monotonic() - began < 3


@contextmanager
def deaf_listener():
    """Accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_told_to_come_back_later(remote, status):
    with pytest.raises(RemoteUnavailable, match="no time for us"):
        remote.call("POST", f"/status/{status}")


# --- It went out and no usable answer came ----------------------------------------------------

LOST = [
    "/hang/5", "/cut", "/reset", "/half", "/half-chunk", "/half-header", "/half-headers",
    "/nonsense", "/drip", "/drip-headers", "/bad-gzip", "/bomb", "/status/500", "/status/502",
    "/status/504", "/html/500",
]  # fmt: skip


@pytest.mark.parametrize("path", LOST)
def test_a_write_without_an_answer_may_have_happened(remote, server, log, path):
    began = time.monotonic()
    with pytest.raises(RemoteOutcomeUnknown) as caught:
        remote.call("POST", path, json={"a": 1})
    assert time.monotonic() - began < 4, "there is an end to every wait"
    assert len(server.seen) == 1, "and nothing is repeated"
    assert caught.value.remote == "eMAG"
    assert log[0].call_id == caught.value.call_id
    assert log[0].error.startswith("remote_unknown: ")


@pytest.mark.parametrize("path", LOST)
def test_a_read_without_an_answer_may_be_repeated(remote, path):
    with pytest.raises(RemoteUnavailable):
        remote.call("GET", path)
    with pytest.raises(RemoteUnavailable):
        remote.call("POST", path, safe=True)


def test_what_took_too_long_says_so(remote):
    for path in ("/hang/5", "/drip", "/drip-headers"):
        with pytest.raises(RemoteOutcomeUnknown, match="did not answer in time"):
            remote.call("POST", path)


def test_half_an_answer_that_looks_whole(remote):
    """A truncated gzip stream has no error of its own; its JSON has."""
    with pytest.raises(RemoteError):
        remote.call("POST", "/half-gzip").json()


def test_an_answer_that_is_no_json(remote):
    with pytest.raises(RemoteOutcomeUnknown, match="cannot be read"):
        remote.call("POST", "/html").json()
    with pytest.raises(ContractDrift, match="cannot be read"):
        remote.call("GET", "/html").json()


def test_more_than_can_be_taken(server, remote):
    remote.most_bytes = 100
    assert remote.call("GET", "/gzip").json() == {"squeezed": True}
    remote.most_bytes = 10
    with pytest.raises(RemoteUnavailable, match="more than can be taken"):
        remote.call("GET", "/gzip")


# --- It was understood ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_no_access(remote, status):
    with pytest.raises(RemoteAuthFailed):
        remote.call("POST", f"/status/{status}")


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_in_their_own_words(remote, status):
    with pytest.raises(RemoteRejected) as caught:
        remote.call("POST", f"/status/{status}")
    assert caught.value.messages == ["their own words"]
    assert str(status) in str(caught.value)


def test_a_page_for_browsers_is_no_message(remote):
    with pytest.raises(RemoteRejected) as caught:
        remote.call("POST", "/html/404")
    assert caught.value.messages == []


def test_redirects_are_not_followed(remote, server):
    with pytest.raises(ContractDrift):
        remote.call("GET", f"/status/302/Location: {server.url}/ok")
    assert len(server.seen) == 1


def test_a_status_the_caller_knows(remote):
    assert remote.call("GET", "/status/404", ok={200, 404}).status == 404
    with pytest.raises(ContractDrift):
        remote.call("GET", "/ok", ok={201})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-1", None),
        ("1000000000", 3600),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_when_to_come_back(remote, header, seconds):
    assert retry_after(header) == seconds
    if header:
        with pytest.raises(RemoteUnavailable) as caught:
            remote.call("GET", f"/retry/{header}")
        assert caught.value.retry_after == seconds


def test_when_to_come_back_as_a_date():
    now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after(format_datetime(now - timedelta(seconds=90), usegmt=True), now) is None


# --- What leaves and what is kept -------------------------------------------------------------


@pytest.mark.parametrize("before", range(4, 12))
def test_a_secret_across_the_cut_is_not_half_logged(server, log, before):
    remote = Remote("eMAG", server.url, auth=("ana", "geheim"), most_logged=12, observe=log.append)
    remote.call("POST", "/echo", data=b"-" * before + b"geheim")
    assert log[-1].sent.startswith("-" * before)
    assert "g" not in log[-1].sent
    assert len(log[-1].sent) <= 12


def test_secrets_reach_the_remote_and_no_log(remote, server, log, caplog):
    with caplog.at_level("DEBUG"):
        remote.call("POST", "/echo?token=topsecret", data={"password": "geheim", "a": "b"})
        with pytest.raises(RemoteOutcomeUnknown):
            remote.call("POST", "/cut?token=topsecret", json={"api_key": "geheim"})
    assert b"password=geheim" in server.seen[0]
    kept = repr(log) + " ".join(
        r.getMessage() for r in caplog.records if r.name.startswith("magflow")
    )
    assert "geheim" not in kept
    assert "topsecret" not in kept
    assert "a=b" in log[0].sent
    assert "geheim" not in repr(remote)


def test_credentials_of_this_host_stay_here(remote, server, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login root password frommyhome\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    Remote("BNR", server.url).call("GET", "/ok")
    assert b"Authorization" not in server.seen[-1]


def test_cookies_are_not_kept(remote, server):
    remote.call("GET", "/cookie")
    remote.call("GET", "/ok")
    assert b"Cookie" not in server.seen[-1]


def test_a_path_is_not_another_host(remote):
    with pytest.raises(ValueError, match="another Remote"):
        remote.call("GET", "https://evil.example/x")


def test_a_log_that_cannot_be_written_does_not_undo_the_call(server, caplog):
    def full_disk(exchange):
        raise OSError("disk full")

    reply = Remote("eMAG", server.url, observe=full_disk).call("POST", "/ok")
    assert reply.status == 200
    assert "disk full" in caplog.text


def test_a_connection_is_used_again(server, remote):
    threads_before = threading.active_count()
    for _ in range(20):
        remote.call("GET", "/ok")
    time.sleep(0.05)
    assert threading.active_count() <= threads_before + 2, "one connection, and no timers left over"


def test_a_late_timer_does_not_cut_the_next_call(server):
    remote = Remote("eMAG", server.url, total_timeout=0.4)
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        assert remote.call("GET", "/ok").status == 200


def test_threads_share_one_remote(remote, server):
    failures = []

    def many():
        for _ in range(10):
            try:
                remote.call("GET", "/ok")
                with pytest.raises(RemoteOutcomeUnknown):
                    remote.call("POST", "/cut")
            except BaseException as problem:
                failures.append(problem)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(server.seen) == 160


def test_without_keep_alive(server):
    Remote("ANAF", server.url, keep_alive=False).call("GET", "/ok")
    assert b"Connection: close" in server.seen[-1]


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secure_server(tmp_path_factory):
    """A server with a certificate that only those trust who are told to."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    certificate(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    made = WireServer(context)
    yield made, path
    made.close()


def certificate(path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, *plain) + made.public_bytes(pem))


def test_a_trusted_certificate(secure_server, monkeypatch):
    server, path = secure_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    remote = Remote("ANAF", server.url, total_timeout=0.8)
    assert remote.call("GET", "/ok").status == 200
    assert remote.call("POST", "/ok", json={}).status == 200
    for path in ("/drip", "/drip-headers", "/cut", "/half"):
        with pytest.raises(RemoteOutcomeUnknown):
            remote.call("POST", path)


def test_a_certificate_nobody_trusts(secure_server):
    server, _ = secure_server
    server.seen.clear()
    with pytest.raises(RemoteUnavailable):
        Remote("ANAF", server.url).call("POST", "/ok", json={"password": "geheim"})
    assert server.seen == []
