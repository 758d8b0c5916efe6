"""What a refused call has to look like."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, *words: str, status: int = 400) -> Iterator[None]:
    """The call inside is refused with this code and status, and its message has these words."""
    with pytest.raises(ClientError) as caught:
        yield
    response = caught.value.response
    assert response["Error"]["Code"] == code, response["Error"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["ResponseMetadata"]["RequestId"]
    for word in words:
        assert word in response["Error"]["Message"], response["Error"]["Message"]
