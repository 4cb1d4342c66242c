"""What tests of code that uses a client need."""

from collections.abc import Mapping, Sequence

from weft_client_session.resolver import AbstractResolver, ResolveResult, literal_address


class FakeResolver(AbstractResolver):
    """Answers from a table of hosts, and nothing else."""

    def __init__(self, hosts: Mapping[str, Sequence[str]]) -> None:
        self._hosts = hosts

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        found = [literal_address(address, port) for address in self._hosts.get(host, ())]
        if not found:
            raise OSError(None, f"the table has no {host}")
        return [{**one, "hostname": host} for one in found if one is not None]

    async def close(self) -> None:
        """Nothing is held."""
