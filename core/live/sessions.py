"""Whom a session belongs to, asked for many sessions at once."""

import asyncio
import hmac
from collections import defaultdict
from collections.abc import Collection
from typing import TypeAlias

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

Answer: TypeAlias = "asyncio.Future[AbstractBaseUser | None]"


def people_of(session_keys: Collection[str]) -> dict[str, AbstractBaseUser]:
    """Session key → person. Sessions that ended, and people who may no longer sign in, are missing.

    The same rules as for a page: the session row is there and has not run out, it was made by a
    sign-in that is still offered, the person is active and has not changed the password since.
    """
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    decode = SessionStore().decode
    contents = {row.session_key: decode(row.session_data) for row in rows}
    ids = {content.get(SESSION_KEY) for content in contents.values()} - {None}
    active = get_user_model()._default_manager.filter(pk__in=ids, is_active=True)
    people = {str(person.pk): person for person in active}
    found = {}
    for key, content in contents.items():
        person = people.get(content.get(SESSION_KEY, ""))
        if person is not None and _still_holds(content, person):
            found[key] = person
    return found


def _still_holds(content: dict[str, str], person: AbstractBaseUser) -> bool:
    if content.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    stored = content.get(HASH_SESSION_KEY, "")
    valid = [person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()]
    return any(hmac.compare_digest(stored, known) for known in valid)


class Doorman:
    """Says whom a session belongs to. Who asks while he is busy shares his next question.

    So five hundred browsers that come back at once after a restart cost a few queries.
    """

    def __init__(self) -> None:
        self._asked: defaultdict[str, list[Answer]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    async def person_of(self, session_key: str) -> AbstractBaseUser | None:
        answer: Answer = asyncio.get_running_loop().create_future()
        self._asked[session_key].append(answer)
        if self._task is None:
            self._task = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, defaultdict(list)
                await self._answer(asked)
        finally:
            self._task = None

    async def _answer(self, asked: dict[str, list[Answer]]) -> None:
        failure: Exception | None = None
        people: dict[str, AbstractBaseUser] = {}
        try:
            people = await database_sync_to_async(people_of)(list(asked))
        except Exception as error:  # whatever it is, those who wait have to learn of it
            failure = error
        for key, answers in asked.items():
            for answer in answers:
                if answer.done():  # whoever asked has left
                    continue
                if failure:
                    answer.set_exception(failure)
                else:
                    answer.set_result(people.get(key))
