"""Calls a live service, a service in trouble and none at all with the Python example."""

import sys
import time

from saima_client import Saima

live, trouble, nowhere = sys.argv[1:]
ids = ["py-1", "py-2", "py-3"]
event = {"id": "py-e", "user_id": "py", "item_id": "no-such-item", "kind": "view", "at": int(time.time() * 1000)}

saima = Saima(live, rank_seconds=10.0)
assert saima.rank("py", ids, limit=2) == [], "none of them is in the catalogue"
assert [one["id"] for one in saima.send_events([event])] == ["py-e"]
assert saima.rank("py", ids, limit=0) == ids, "a request that is not valid"

begun = time.monotonic()
for url in (trouble, nowhere):
    assert Saima(url).rank("py", ids) == ids, url
assert time.monotonic() - begun < 1.5
del event["id"]
assert Saima(trouble).send_events([event]) == []
try:
    Saima(nowhere).send_events([event], attempts=1)
    raise SystemExit("nothing listens there")
except RuntimeError as error:
    assert "not accepted" in str(error)
