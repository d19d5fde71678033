"""Makes `twistd umserver` known."""

from twisted.application.service import ServiceMaker

umserver = ServiceMaker(  # type: ignore[no-untyped-call]
    "umserver",
    "umserver.service",
    "A unified messaging server: answers unanswered calls and delivers them as mail.",
    "umserver",
)
