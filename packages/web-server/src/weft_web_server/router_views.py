"""What a router lists: its resources, and the routes of all of them.

Knows the interface of resources only.
"""

from collections.abc import Collection, Iterator, Sequence

from .route_objects import AbstractResource, AbstractRoute


class ResourcesView(Collection[AbstractResource]):
    """Resources in the order of registration, those that come later too."""

    __slots__ = ("_resources",)

    def __init__(self, resources: Sequence[AbstractResource]) -> None:
        self._resources = resources

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[AbstractResource]:
        return iter(self._resources)

    def __contains__(self, resource: object) -> bool:
        return resource in self._resources


class RoutesView(Collection[AbstractRoute]):
    """The routes of some resources, with those of sub-applications."""

    __slots__ = ("_resources",)

    def __init__(self, resources: Sequence[AbstractResource]) -> None:
        self._resources = resources

    def __len__(self) -> int:
        return sum(map(len, self._resources))

    def __iter__(self) -> Iterator[AbstractRoute]:
        for resource in self._resources:
            yield from resource

    def __contains__(self, route: object) -> bool:
        return any(route is other or route == other for other in self)
