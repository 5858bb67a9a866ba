"""Calls Saima: one ranking with a timeout and a fallback, and events in batches with ids and retries.

Needs Python 3.9 or newer and no packages. One `Saima` serves many threads; each thread keeps its own connections open.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import threading
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("saima")

BUSY = {408, 429, 500, 502, 503, 504}
IDLE_SECONDS = 30.0  # the service closes a connection that is idle for 75 seconds


class Saima:
    def __init__(self, url: str, token: str | None = None, rank_seconds: float = 0.15, facts_seconds: float = 15.0) -> None:
        self._url = urlsplit(url)
        self._headers = {"content-type": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        self._seconds = {"rank": rank_seconds, "facts": facts_seconds}
        self._local = threading.local()

    def rank(self, user_id: str, candidates: list[str], **fields: Any) -> list[str]:
        """Returns the ids best first. Without an answer it returns `candidates`: give them in your own default order."""
        body = {"user_id": user_id, "candidates": candidates, **fields}
        try:
            status, _, answer = self._post("rank", "/rank", body)
        except (OSError, http.client.HTTPException) as error:
            log.warning("no ranking: %s", error)
            return candidates
        if status == 200:
            return [item["id"] for item in json.loads(answer)["items"]]
        log.log(logging.WARNING if status in BUSY else logging.ERROR, "no ranking: %d %s", status, answer.decode())
        return candidates

    def send_events(self, events: list[dict[str, Any]], batch: int = 500, attempts: int = 8) -> list[dict[str, Any]]:
        """Sends all events and returns the rejected ones. An event without an id gets one, so that it counts once."""
        named = [event if "id" in event else {**event, "id": str(uuid.uuid4())} for event in events]
        rejected: list[dict[str, Any]] = []
        for start in range(0, len(named), batch):
            rejected += self._send_batch(named[start : start + batch], attempts)["rejected"]
        return rejected

    def _send_batch(self, events: list[dict[str, Any]], attempts: int) -> Any:
        failure = ""
        for attempt in range(attempts):
            pause = min(30.0, 0.1 * 2**attempt)
            try:
                status, retry_after, answer = self._post("facts", "/events", events)
                if status == 200:
                    return json.loads(answer)
                failure = f"{status} {answer.decode()}"
                if status not in BUSY:
                    break
                pause = max(pause, retry_after)
            except (OSError, http.client.HTTPException) as error:
                failure = str(error)
            if attempt + 1 < attempts:
                time.sleep(pause * random.uniform(1.0, 1.5))
        raise RuntimeError(f"the events were not accepted: {failure}")

    def _post(self, pool: str, path: str, body: Any) -> tuple[int, float, bytes]:
        """Posts over the thread's connection; the time limit holds for each step: connect, send, wait."""
        connection, used = getattr(self._local, pool, (None, 0.0))
        if connection is None:
            secure = self._url.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            connection = kind(self._url.netloc, timeout=self._seconds[pool])
        elif time.monotonic() - used > IDLE_SECONDS:
            connection.close()  # the next request opens it again
        setattr(self._local, pool, (connection, time.monotonic()))
        try:
            connection.request("POST", path, json.dumps(body).encode(), self._headers)
            response = connection.getresponse()
            return response.status, float(response.getheader("retry-after") or 0), response.read()
        except BaseException:
            connection.close()
            raise
