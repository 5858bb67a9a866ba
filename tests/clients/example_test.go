package saima

import (
	"context"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Calls a live service, a service in trouble and none at all with the Go example.
func TestExample(t *testing.T) {
	ids := []string{"go-1", "go-2", "go-3"}
	event := Event{"id": "go-e", "user_id": "go", "item_id": "no-such-item", "kind": "view", "at": time.Now().UnixMilli()}
	urls := strings.Fields(os.Getenv("SAIMA_URLS"))
	ctx := context.Background()

	client := New(urls[0], "")
	client.RankTimeout = 10 * time.Second
	if order := client.Rank(ctx, "go", ids, map[string]any{"limit": 2}); len(order) != 0 {
		t.Errorf("none of them is in the catalogue: %v", order)
	}
	if rejected, err := client.SendEvents(ctx, []Event{event}); err != nil || len(rejected) != 1 {
		t.Errorf("%v %v", rejected, err)
	}
	for _, url := range urls[1:] {
		if order := New(url, "").Rank(ctx, "go", ids, nil); !reflect.DeepEqual(order, ids) {
			t.Errorf("%s: %v", url, order)
		}
	}
	if _, err := New(urls[1], "").SendEvents(ctx, []Event{event}); err != nil {
		t.Error(err)
	}
}
