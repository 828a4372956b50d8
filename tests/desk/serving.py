"""The desk behind a real server on the loopback address, in a thread of its own."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from store.wakes import Wakes
from tests.desk.world import World


@contextlib.contextmanager
def served(world: World, port: int = 0) -> Iterator[str]:
    """The address of a running server, while the block lasts; any free port unless one is said."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(
            world.app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            host, port = listener.getsockname()
            yield f"http://{host}:{port}"
        finally:
            world.stopping = True
            server.should_exit = True
            thread.join()
            world.stopping = False
            world.database.wakes = Wakes()  # sleepers belong to the loop that has ended
