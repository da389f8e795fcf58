"""What jobs there are: the @job decorator, its registry, and the scopes a job fans out over."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as Text

    from core.jobs.runs import Run
else:
    Text = str

P = ParamSpec("P")
R = TypeVar("R")
JobFunction: TypeAlias = "Callable[Concatenate[Run, ...], object]"

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_MOST_MINUTES = 32_767  # what a schedule row can hold


@dataclass(frozen=True)
class JobSpec:
    """A function that runs in the worker: how it is called, when, and how people know it."""

    name: str  # "<app>.<function>"
    function: JobFunction
    title: Text
    every: timedelta | None = None
    at: time | None = None  # daily, in the company's time zone
    per: str = ""  # a scope: one run for each of its keys
    timeout: int = 120
    manual: bool = True  # people may start it
    hidden: bool = False  # plumbing: not listed, and a run that went well leaves no row

    @property
    def is_scheduled(self) -> bool:
        return self.every is not None or self.at is not None

    @property
    def is_shared(self) -> bool:
        """What it does is everybody's, whoever started it; other jobs work for who asked."""
        return self.is_scheduled or bool(self.per)


_jobs: dict[str, JobSpec] = {}
_scopes: dict[str, Callable[[], Sequence[str]]] = {}
_finders: dict[str, Callable[[str], str | None]] = {}


def job(
    *,
    every: timedelta | str | None = None,
    at: str | None = None,
    per: str = "",
    title: Text,
    timeout: int | None = None,
    manual: bool = True,
    hidden: bool = False,
) -> Callable[[Callable[Concatenate["Run", P], R]], Callable[Concatenate["Run", P], R]]:
    """Make a function a job: `function(run, *args)`, or `function(run, key, *args)` with `per`.

    `every` is a timedelta or "5m", "2h", "1d"; `at` is "03:15", daily, in the company's time zone.
    A job with neither runs only when it is enqueued. It may run twice or late: same input, same
    result. What takes longer than `timeout` seconds is cut into chunks with `run.hand_over()`.
    """

    def register(
        function: Callable[Concatenate["Run", P], R],
    ) -> Callable[Concatenate["Run", P], R]:
        app = function.__module__.partition(".")[0]
        spec = JobSpec(
            name=f"{app}.{function.__name__}",
            function=function,
            title=title,
            every=_interval(every),
            at=time.fromisoformat(at) if at else None,
            per=per,
            timeout=timeout or longest(),
            manual=manual,
            hidden=hidden,
        )
        _refuse_nonsense(spec)
        _jobs[spec.name] = spec
        return function

    return register


def longest() -> int:
    """The most seconds that one chunk may take; the queue would repeat anything longer."""
    return int(settings.Q_CLUSTER["timeout"])


def _interval(every: timedelta | str | None) -> timedelta | None:
    if not isinstance(every, str):
        return every
    match = re.fullmatch(r"(\d+)([mhd])", every)
    if not match:
        raise ImproperlyConfigured(f'"{every}" is no interval; write "5m", "2h" or "1d".')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _refuse_nonsense(spec: JobSpec) -> None:
    known = _jobs.get(spec.name)
    if known and known.function.__module__ != spec.function.__module__:
        raise ImproperlyConfigured(f"There are two jobs called {spec.name}.")
    if spec.every and spec.at:
        raise ImproperlyConfigured(f"{spec.name} has both every= and at=.")
    if spec.every is not None:
        minutes, rest = divmod(spec.every, timedelta(minutes=1))
        if rest or not 1 <= minutes <= _MOST_MINUTES:
            raise ImproperlyConfigured(
                f"{spec.name}: every= is whole minutes, 1 to {_MOST_MINUTES}."
            )
    if spec.timeout > longest():
        raise ImproperlyConfigured(
            f"{spec.name}: a chunk may take {longest()} s; use run.hand_over() for more."
        )


def get(job: "str | Callable[..., object]") -> JobSpec:
    """The job of this name or function. A KeyError means that nobody registered it."""
    if isinstance(job, str):
        return _jobs[job]
    return _jobs[f"{job.__module__.partition('.')[0]}.{job.__name__}"]


def find(name: str) -> JobSpec | None:
    return _jobs.get(name)


def all_jobs() -> list[JobSpec]:
    return sorted(_jobs.values(), key=lambda spec: spec.name)


def title_of(name: str) -> str:
    """What people call a job, also when its code is gone."""
    spec = _jobs.get(name)
    return str(spec.title) if spec else name


def register_scope(
    name: str,
    keys: Callable[[], Sequence[str]],
    find: Callable[[str], str | None] | None = None,
) -> None:
    """Say what `per=name` stands for: a function that lists the keys of now, such as accounts.

    `find` turns what a person calls one of them into its key, or None.
    """
    _scopes[name] = keys
    if find is not None:
        _finders[name] = find


def key_called(spec: JobSpec, name: str) -> str | None:
    """The key of what a person calls by this name; the key itself is a name too."""
    find = _finders.get(spec.per)
    return (find(name) if find else None) or (name if name in keys_of(spec) else None)


def keys_of(spec: JobSpec) -> list[str]:
    """Whom a job runs for: one empty key, or every key of its scope."""
    if not spec.per:
        return [""]
    try:
        return list(_scopes[spec.per]())
    except KeyError:
        raise ImproperlyConfigured(
            f"{spec.name} runs per {spec.per}, which nobody registered."
        ) from None


def call(spec: JobSpec, run: "Run", key: str, args: Sequence[Any]) -> object:
    return spec.function(run, key, *args) if spec.per else spec.function(run, *args)
