"""The proxies of one server, by name, and the changes that concern more than one."""

import asyncio
from collections.abc import Sequence

from harness.lab.proxy.errors import ApiError, proxy_exists, proxy_not_found
from harness.lab.proxy.proxy import Proxy, Rules
from harness.lab.proxy.wire import ProxyInput

ANYWHERE = "127.0.0.1:0"
ANYWHERE_STRICT = "[::]:0"


class Proxies:
    """All proxies; changes that wait for anything happen one after the other."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._proxies: dict[str, Proxy] = {}
        self._changing = asyncio.Lock()

    def get(self, name: str) -> Proxy:
        """Return a proxy; raises `ApiError` 404."""
        if name not in self._proxies:
            raise proxy_not_found()
        return self._proxies[name]

    def all(self) -> list[Proxy]:
        """Return the proxies, sorted by name."""
        return [self._proxies[name] for name in sorted(self._proxies)]

    async def create(self, given: ProxyInput) -> Proxy:
        """Create a proxy with its toxics, and start it unless it is disabled: all of that or nothing.

        Raises `ApiError` 409 for a name that is taken, 500 for an address that cannot be had.
        """
        async with self._changing:
            if given.name in self._proxies:
                raise proxy_exists()
            return await self._create(given)

    async def populate(self, wanted: Sequence[ProxyInput]) -> tuple[list[Proxy], ApiError | None]:
        """Make each of ``wanted`` true, in order; return what was done, and the refusal that stopped it.

        A proxy with the same addresses stays as it is, but for toxics where they are given;
        another of the same name is replaced.
        """
        done: list[Proxy] = []
        async with self._changing:
            try:
                for given in wanted:
                    proxy = await self._put(given)
                    done.append(proxy)
            except ApiError as refusal:
                return done, refusal
        return done, None

    async def update(self, name: str, given: ProxyInput) -> Proxy:
        """Change the addresses of a proxy, or turn it on or off."""
        async with self._changing:
            proxy = self.get(name)
            await proxy.move(given.listen, given.upstream, given.enabled)
            return proxy

    async def delete(self, name: str) -> None:
        """Stop a proxy and forget it."""
        async with self._changing:
            self.get(name).stop()
            del self._proxies[name]

    async def reset(self) -> None:
        """Start every proxy and remove every toxic."""
        async with self._changing:
            for proxy in self.all():
                await proxy.start()
                proxy.replace_doses([])

    def stop(self) -> None:
        """Stop all proxies."""
        for proxy in self._proxies.values():
            proxy.stop()

    async def _put(self, given: ProxyInput) -> Proxy:
        existing = self._proxies.get(given.name)
        if existing is None:
            return await self._create(given)
        if not await existing.differs(given.listen or self._anywhere(), given.upstream):
            if given.toxics is not None:
                existing.replace_doses(given.toxics)
            return existing
        existing.stop()
        return await self._create(given)

    async def _create(self, given: ProxyInput) -> Proxy:
        proxy = Proxy(given.name, given.listen or self._anywhere(), given.upstream or "", self.rules)
        proxy.replace_doses(given.toxics or [])
        if given.enabled is not False:
            await proxy.start()
        self._proxies[given.name] = proxy
        return proxy

    def _anywhere(self) -> str:
        return ANYWHERE_STRICT if self.rules.strict else ANYWHERE
