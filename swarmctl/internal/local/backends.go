package local

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/engine"
)

// Backend is what the balancer thinks of one node.
type Backend struct {
	Node string `json:"node"`
	// Up tells whether new connections may go to the node.
	Up bool `json:"up"`
	// Status is HAProxy's own word: "UP", "DOWN", "UP 1/2" while it changes.
	Status string `json:"status"`
	// Since is how long ago Up last changed.
	Since time.Duration `json:"since"`
	// Check is the last probe's outcome, "L7OK/200" for instance.
	Check string `json:"check"`
	// Sessions counts the connections that went to the node so far.
	Sessions int64 `json:"sessions"`
}

// Backends asks the balancer of a cluster what it thinks of each node.
func Backends(ctx context.Context, e *engine.Client, name string) ([]Backend, error) {
	c, err := observe(ctx, e, name)
	if err != nil {
		return nil, err
	}
	if c.Balancer == nil {
		return nil, notUp(name)
	}
	return askBackends(ctx, c.Balancer.Address)
}

func askBackends(ctx context.Context, address string) ([]Backend, error) {
	url := fmt.Sprintf("http://%s:%d/;csv", address, statsPort)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask balancer: %w", err)
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask balancer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask balancer: %s", res.Status)
	}
	return parseStats(res.Body)
}

// parseStats reads HAProxy's statistics (management guide, section 9.1).
func parseStats(r io.Reader) ([]Backend, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read balancer statistics: %w", err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("read balancer statistics: no header")
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var list []Backend
	for _, row := range rows[1:] {
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return row[i]
			}
			return ""
		}
		if get("# pxname") == backendName && get("svname") != "BACKEND" {
			list = append(list, newBackend(get))
		}
	}
	return list, nil
}

func newBackend(get func(string) string) Backend {
	status := get("status")
	seconds, _ := strconv.Atoi(get("lastchg"))
	sessions, _ := strconv.ParseInt(get("stot"), 10, 64)
	check := get("check_status")
	if code := get("check_code"); code != "" {
		check += "/" + code
	}
	return Backend{
		Node: get("svname"), Up: len(status) >= 2 && status[:2] == "UP", Status: status,
		Since: time.Duration(seconds) * time.Second, Check: check, Sessions: sessions,
	}
}
