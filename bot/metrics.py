"""Numbers for Prometheus: what this process has done, and how the whole stands.

They name channels and offices, never a person, a case or a talk.
"""

import hmac
import ipaddress
from collections.abc import Callable, Iterable

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from cases.health import Health
from store.processes import SILENT
from store.session import Database, Session

_TURN_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """What one process counts; each has a registry of its own, so that tests do not mix."""

    def __init__(self, build: str = "unknown", role: str = "both") -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "tram_turns",
            "Messages of citizens that had their turn",
            ("channel", "outcome"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tram_turn_seconds",
            "From a message's arrival to the commit of its answer",
            ("channel",),
            buckets=_TURN_SECONDS,
            registry=self.registry,
        )
        self._sends = Counter(
            "tram_sends",
            "Attempts to send a message, by what came of it",
            ("channel", "outcome"),
            registry=self.registry,
        )
        self._shed = Counter(
            "tram_shed",
            "Messages not let in, because one person sent too many",
            ("channel",),
            registry=self.registry,
        )
        self._build = Gauge(
            "tram_build_info", "The version that runs", ("version", "role"), registry=self.registry
        )
        self._build.labels(build, role).set(1)

    def turn(self, channel: str, outcome: str, seconds: float) -> None:
        """Count a message that had its turn, or failed for good."""
        self._turns.labels(channel, outcome).inc()
        self._seconds.labels(channel).observe(max(0.0, seconds))

    def sent(self, channel: str, outcome: str) -> None:
        """Count an attempt to send: receipt, refused, try_later or unknown."""
        self._sends.labels(channel, outcome).inc()

    def shed(self, channel: str) -> None:
        """Count a message that was not let in."""
        self._shed.labels(channel).inc()


def gauges_of(health: Health) -> CollectorRegistry:
    """The picture of the whole as gauges; made anew at each look."""
    made = CollectorRegistry()

    def gauge(
        name: str, told: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str
    ) -> None:
        one = Gauge(f"tram_{name}", told, labels, registry=made)
        for of, value in values:
            (one.labels(*of) if labels else one).set(value)

    channels = health.channels
    gauge(
        "outbox_waiting",
        "Messages that wait to be sent",
        (((one.name,), one.waiting) for one in channels),
        "channel",
    )
    gauge(
        "outbox_age_seconds",
        "Age of the oldest message that waits to be sent",
        (((one.name,), one.oldest.total_seconds() if one.oldest else 0) for one in channels),
        "channel",
    )
    gauge("inbox_waiting", "Messages that wait for their turn", [((), health.inbox_waiting)])
    oldest = health.inbox_oldest.total_seconds() if health.inbox_oldest else 0
    gauge("inbox_age_seconds", "Age of the oldest that waits for its turn", [((), oldest)])
    gauge(
        "cases_unclaimed",
        "Cases that wait for somebody to claim them",
        (((office,), count) for office, count in health.unclaimed.items()),
        "office",
    )
    gauge("cases_overdue", "Cases with a time limit that has passed", [((), health.overdue)])
    gauge("articles_stale", "Articles whose law has moved on", [((), health.stale_articles)])
    gauge(
        "process_age_seconds",
        "Seconds since each process was heard of",
        (
            ((one.id[-8:], one.role), (health.at - one.beat_at).total_seconds())
            for one in health.processes
        ),
        "process",
        "role",
    )
    alive = sum(one.role.works and health.at - one.beat_at < SILENT for one in health.processes)
    gauge("workers_alive", "Processes that do turns and sends", [((), alive)])
    gauge(
        "token_seconds",
        "Seconds until the token of a channel ends",
        (
            ((one.name,), (one.token_ends_at - health.at).total_seconds())
            for one in channels
            if one.token_ends_at is not None
        ),
        "channel",
    )
    if health.backup is not None:
        age = (health.at - health.backup.at).total_seconds()
        gauge("backup_age_seconds", "Age of the last backup", [((), age)])
    if health.database_bytes is not None:
        gauge("database_bytes", "Size of the database", [((), health.database_bytes)])
    if health.disk is not None:
        gauge("disk_free_bytes", "Free space where it lies", [((), health.disk.free)])
    gauge("incidents", "Things that are wrong now", [((), len(health.incidents))])
    return made


def metrics_routes(
    database: Database,
    metrics: Metrics,
    read_health: Callable[[Session], Health],
    token: str | None,
) -> APIRouter:
    """`/metrics`, for this machine only or, with a token, for whoever knows it."""
    router = APIRouter()

    @router.get("/metrics")
    async def show(request: Request) -> Response:
        if not may_look(request, token):
            return Response(status_code=404)
        text = generate_latest(metrics.registry)
        try:
            health = await database.read(read_health)
        except SQLAlchemyError:
            return Response(text + b"tram_database_up 0\n", media_type=CONTENT_TYPE_LATEST)
        text += generate_latest(gauges_of(health)) + b"tram_database_up 1\n"
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router


def may_look(request: Request, token: str | None) -> bool:
    """Who knows the token; without one, who calls from this machine and through no proxy."""
    if token is not None:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
