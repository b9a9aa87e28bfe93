"""A small config with free ports, for tests that care about one part of it only."""

from dataclasses import dataclass, field

from .waiting import free_port


def block(opener: str, *lines: str) -> str:
    inner = "".join(f"  {line}\n" for text in lines for line in text.splitlines() if line.strip())
    return f"{opener} {{\n{inner}}}\n"


@dataclass
class Site:
    """One listener `edge`, one upstream `origin`, one route `every`; each part can be given."""

    origin: str
    edge: int = field(default_factory=free_port)
    admin: int = field(default_factory=free_port)
    workers: int = 1
    top: str = ""
    bind: str | None = None
    listener: str = ""
    upstream: str = ""
    defaults: str = "timeout connect=1s response=5s total=10s idle=20s"
    route: str = ""
    routes: str | None = None

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.edge)

    @property
    def text(self) -> str:
        bind = self.bind or f"bind 127.0.0.1:{self.edge}"
        route = block("route every", "match path=/**", "auth none", "to origin", self.route)
        return "".join(
            [
                "sluice 1\n",
                f"workers {self.workers}\n",
                "grace 5s drain-delay=0s\n",
                self.top,
                "\n",
                block("listener edge", bind, self.listener),
                block("upstream origin", f"server {self.origin}", self.upstream),
                block("defaults", self.defaults),
                route if self.routes is None else self.routes,
                block("admin", f"bind 127.0.0.1:{self.admin}"),
                "access-log format=json to=stdout\n",
            ]
        )
