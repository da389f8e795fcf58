"""HTTP and websocket in one process."""

import os
import warnings

import django

# Static files are plain iterators of known length, and read in one piece.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "magflow.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator, WebsocketDenier  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from core.consumers import LiveConsumer  # noqa: E402
from magflow.body_limit import BodyLimit  # noqa: E402
from magflow.handler import Handler  # noqa: E402

# A site that answers to every name ("*") still knows its own: foreign pages must not open sockets.
origins = [host for host in settings.ALLOWED_HOSTS if host != "*"] or [settings.SITE_URL]
sockets = URLRouter(
    [
        path("live/", LiveConsumer.as_asgi()),
        re_path("", WebsocketDenier.as_asgi()),
    ]
)
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(Handler()),
        "websocket": OriginValidator(CookieMiddleware(sockets), origins),
    }
)
