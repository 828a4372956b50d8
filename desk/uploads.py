"""Forms that carry a file, read without a trace on the disk.

The framework writes any file over one megabyte to a temporary file, in the clear; what people send
of a case is kept sealed only.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

_MOST_FIELDS = 10


@asynccontextmanager
async def form_in_memory(request: Request, most_bytes: int) -> AsyncIterator[FormData]:
    """The form of a request of at most `most_bytes`, which the guard saw to, with one file.

    Raises:
        HTTPException: 400, it is no such form.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:  # without a file nothing is written anywhere
            yield form
        return
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=1, max_fields=_MOST_FIELDS
    )
    parser.spool_max_size = most_bytes
    try:
        form = await parser.parse()
    except MultiPartException as problem:
        raise HTTPException(400, problem.message) from None
    try:
        yield form
    finally:
        await form.close()
