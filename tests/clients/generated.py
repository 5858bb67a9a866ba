"""Calls a live service with the Python client that is generated from its OpenAPI document."""

import sys
from datetime import UTC, datetime

from saima_api import Client
from saima_api.api.data import send_events, upsert_items, upsert_merchants
from saima_api.api.insight import get_item, get_race
from saima_api.api.ranking import rank
from saima_api.models import BulkReply, Event, EventKind, Item, Merchant, Problem, Race, RankRequest, Ranking, StoredItem

client = Client(base_url=sys.argv[1])

merchants = upsert_merchants.sync(client=client, body=[Merchant(id="gm", category="gen")])
items = upsert_items.sync(client=client, body=[Item(id=f"gi-{one}", merchant_id="gm", price=9.5) for one in range(3)])
event = Event(user_id="gu", item_id="gi-1", kind=EventKind.PURCHASE, at=datetime.now(UTC), id="ge-1", amount=9.5)
events = send_events.sync(client=client, body=[event])
for report, accepted in ((merchants, 1), (items, 3), (events, 1)):
    assert isinstance(report, BulkReply), report
    assert (report.accepted, report.rejected) == (accepted, [])

ranking = rank.sync(client=client, body=RankRequest(user_id="gu", candidates=["gi-0", "gi-1", "nothing"], timeout_ms=9_000, explain=True))
assert isinstance(ranking, Ranking), ranking
assert ranking.items[0].id == "gi-1" and ranking.unknown == ["nothing"]
assert ranking.items[0].score > ranking.items[1].score

item = get_item.sync("gi-1", client=client)
assert isinstance(item, StoredItem), item
assert item.id == "gi-1"

race = get_race.sync(client=client, lane="gen", limit=1)
assert isinstance(race, (Race, Problem)), race

wrong = rank.sync(client=client, body=RankRequest(user_id="gu", candidates=[], limit=0))
assert isinstance(wrong, Problem), wrong
assert wrong.errors[0].path == "limit"
