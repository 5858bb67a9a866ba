// Package saima calls Saima: one ranking with a timeout and a fallback, and events in batches with ids and retries.
//
// It needs Go 1.18 or newer and no modules; the client keeps connections open.
package saima

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"time"
)

// Client calls one service. It is safe for concurrent use.
type Client struct {
	URL          string
	Token        string
	RankTimeout  time.Duration // 150 ms is a little above the default timeout_ms
	FactsTimeout time.Duration
	HTTP         *http.Client
}

// New returns a client with the usual time limits. Ranking keeps up to 64 connections open.
func New(url, token string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.IdleConnTimeout = 60 * time.Second
	return &Client{url, token, 150 * time.Millisecond, 15 * time.Second, &http.Client{Transport: transport}}
}

// Event is one fact about a user; "user_id", "kind" and "at" are required.
type Event map[string]any

// Rejected is an event that the service did not accept, by its place in the batch.
type Rejected struct {
	Index  int     `json:"index"`
	ID     *string `json:"id"`
	Errors []struct{ Path, Message string }
}

// Rank returns the ids best first. Without an answer it returns the candidates: give them in your own default order.
func (c *Client) Rank(ctx context.Context, userID string, candidates []string, fields map[string]any) []string {
	body := map[string]any{"user_id": userID, "candidates": candidates}
	for name, value := range fields {
		body[name] = value
	}
	status, _, answer, err := c.post(ctx, "/rank", body, c.RankTimeout)
	var ranking struct{ Items []struct{ ID string } }
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%d %s", status, answer)
	}
	if err == nil {
		err = json.Unmarshal(answer, &ranking)
	}
	if err != nil {
		log.Printf("no ranking: %v", err)
		return candidates
	}
	ids := make([]string, len(ranking.Items))
	for place, item := range ranking.Items {
		ids[place] = item.ID
	}
	return ids
}

// SendEvents sends all events and returns the rejected ones. An event without an id gets one, so that it counts once.
func (c *Client) SendEvents(ctx context.Context, events []Event) ([]Rejected, error) {
	const batch = 500
	for _, event := range events {
		if event["id"] == nil {
			var id [16]byte
			if _, err := rand.Read(id[:]); err != nil {
				return nil, err
			}
			event["id"] = fmt.Sprintf("%x", id)
		}
	}
	var rejected []Rejected
	for start := 0; start < len(events); start += batch {
		end := start + batch
		if end > len(events) {
			end = len(events)
		}
		some, err := c.sendBatch(ctx, events[start:end])
		if err != nil {
			return rejected, err
		}
		rejected = append(rejected, some...)
	}
	return rejected, nil
}

func (c *Client) sendBatch(ctx context.Context, events []Event) ([]Rejected, error) {
	const attempts = 8
	var failure error
	for attempt := 0; attempt < attempts; attempt++ {
		pause := 100 * time.Millisecond << attempt
		status, retryAfter, answer, err := c.post(ctx, "/events", events, c.FactsTimeout)
		if err == nil && status == http.StatusOK {
			var report struct{ Rejected []Rejected }
			return report.Rejected, json.Unmarshal(answer, &report)
		}
		if failure = err; err == nil {
			failure = fmt.Errorf("%d %s", status, answer)
			if status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout {
				break
			}
		}
		if pause < retryAfter {
			pause = retryAfter
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil, fmt.Errorf("the events were not accepted: %w", failure)
}

// post returns status, Retry-After and body; the time limit holds for the whole.
func (c *Client) post(ctx context.Context, path string, body any, limit time.Duration) (int, time.Duration, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return 0, 0, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(text))
	if err != nil {
		return 0, 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return 0, 0, nil, err
	}
	defer response.Body.Close()
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, time.Duration(seconds) * time.Second, answer, err
}
