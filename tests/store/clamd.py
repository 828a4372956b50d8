"""A daemon that behaves like clamd: it takes INSTREAM and knows one malicious file."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

EICAR = (
    rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
)  # in two, so that no scanner takes this source away


@dataclass
class Clamd:
    """`reply` stands for what it says of every file instead of looking at it."""

    address: str = ""
    reply: bytes | None = None
    seen: list[int] = field(default_factory=list)
    """The sizes of what it was sent."""
    busy: "set[asyncio.Task[None]]" = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.busy |= {task for task in (asyncio.current_task(),) if task is not None}
        try:
            if await reader.readexactly(10) != b"zINSTREAM\0":
                writer.write(b"UNKNOWN COMMAND\0")
                return
            content = bytearray()
            while size := struct.unpack("!I", await reader.readexactly(4))[0]:
                content += await reader.readexactly(size)
            self.seen.append(len(content))
            found = b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
            writer.write(found if self.reply is None else self.reply)
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def clamd(reply: bytes | None = None) -> AsyncIterator[Clamd]:
    """A daemon on the loopback while the block lasts."""
    daemon = Clamd(reply=reply)
    server = await asyncio.start_server(daemon.serve, "127.0.0.1", 0)
    daemon.address = f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield daemon
    await asyncio.gather(*daemon.busy)
