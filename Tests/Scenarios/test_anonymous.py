"""Nobody reaches a route that demands an identity without proving one: a random tree of groups on
the real gateway, judged by the nearest `auth` that its model knows.
"""

import random

from harness.site import block

TOP = 'identity partner key keys="keys.conf"\nidentity other key header=x-other keys="keys.conf"\n'
OPEN = ["auth none", "auth optional=[partner other]", "auth any=[partner] shadow=on"]
CLOSED = [
    "auth any=[partner other]",
    "auth all=[partner other]",
    "auth any=[other] require=[scope:orders:read]",
]
# What says nothing of who calls, and must not open anything.
OTHERS = [
    "timeout total=20s",
    "cors origins=[https://a.example.com]",
    "secure-headers off",
    "body max=2KiB",
    "access allow=[127.0.0.0/8]",
    "allow when=\"method == 'GET'\"",
]
ATTEMPTS = [
    {},
    {"X-Api-Key": "slk_0123456789abcdef_01234567890123456789012345678901"},
    {"X-Other": "x", "Authorization": "Bearer good"},
    {"X-Api_Key": "slk_a", "Cookie": "key=good"},
]


class Tree:
    """Groups and routes, each path once, with the rule that holds for it."""

    def __init__(self, chance: random.Random):
        self.chance = chance
        self.rules: dict[str, str] = {}
        self.groups = 0

    def scope(self, above: str, likely: float) -> tuple[list[str], str]:
        rule = above
        lines = [line for line in OTHERS if self.chance.random() < 0.1]
        if self.chance.random() < likely:
            rule = self.chance.choice(OPEN + CLOSED)
            lines.append(rule)
        return lines, rule

    def route(self, path: str, above: str) -> str:
        lines, rule = self.scope(above, 0.4)
        self.rules[path] = rule
        name = f"r{len(self.rules)}"
        action = self.chance.choice(["to origin", "respond 200"])
        return block(f"route {name}", f"match path={path}", action, *lines)

    def group(self, path: str, above: str, depth: int) -> str:
        self.groups += 1
        name = f"g{self.groups}"
        lines, rule = self.scope(above, 0.5)
        inner = [self.route(f"{path}/{index}", rule) for index in range(3)]
        if depth:
            inner += [self.group(f"{path}/g{index}", rule, depth - 1) for index in range(2)]
        return block(f"group {name}", f"match path={path}/**", *lines, *inner)


def test_no_anonymous_request_reaches_a_route_that_demands_an_identity(start, origin):
    seed = random.randrange(1 << 32)
    tree = Tree(random.Random(seed))
    above = tree.chance.choice(OPEN + CLOSED)
    routes = "".join(tree.group(f"/top{index}", above, 2) for index in range(3))
    site = start(
        top=TOP, routes=routes, defaults=f"timeout connect=1s\n{above}", contents={"keys.conf": ""}
    )
    assert len(tree.rules) == 63
    wanted = {path: rule in CLOSED for path, rule in tree.rules.items()}
    assert set(wanted.values()) == {True, False}, seed
    with site.connect() as client:
        for path, is_closed in wanted.items():
            for attempt in ATTEMPTS if is_closed else [{}]:
                before = len(origin.requests)
                status = client.ask(path, fields=attempt).status
                where = f"seed {seed}, {path}, {tree.rules[path]}, {attempt}"
                assert status == (401 if is_closed else 200), where
                if is_closed:
                    assert len(origin.requests) == before, where
