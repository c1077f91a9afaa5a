package cli

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/ycesproject/yces/provision/inventory"
	"github.com/ycesproject/yces/swarmctl/internal/display"
	"github.com/ycesproject/yces/swarmctl/internal/engine"
	"github.com/ycesproject/yces/swarmctl/internal/event"
	"github.com/ycesproject/yces/swarmctl/internal/target"
)

var apiVersion = regexp.MustCompile(`^/v[0-9.]+/`)

// modelEngine answers requests by "METHOD /path"; what it does not know is 404.
func modelEngine(t *testing.T, answers map[string]any) *engine.Client {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.51")
		answer, ok := answers[r.Method+" "+apiVersion.ReplaceAllString(r.URL.Path, "/")]
		switch text, raw := answer.(string); {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
		case !ok:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"message": "there is none"}`))
		case raw:
			w.Header().Set("Content-Type", "application/vnd.docker.multiplexed-stream")
			_, _ = w.Write([]byte(text))
		default:
			_ = json.NewEncoder(w).Encode(answer)
		}
	}))
	t.Cleanup(api.Close)
	docker, err := engine.New(func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", api.Listener.Addr().String())
	})
	if err != nil {
		t.Fatal(err)
	}
	return docker
}

// modelFleet is a fleet of machines whose engines are models; the first one is
// the manager in use.
func modelFleet(engines map[string]*engine.Client, names ...string) *fleet {
	f := &fleet{engines: map[string]*engine.Client{"manager": engines[names[0]]}, leading: names[0]}
	f.Target = target.Target{Inventory: inventory.Inventory{Name: "shop"}}
	for _, name := range names {
		f.Nodes = append(f.Nodes, inventory.Node{Name: name, Role: inventory.Manager})
		f.engines["node "+name] = engines[name]
	}
	return f
}

// recorder is a display that keeps what it was told.
type recorder struct {
	mu     sync.Mutex
	events []event.Event
}

func (r *recorder) Emit(e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) Close() {}

var _ display.Display = (*recorder)(nil)

func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, e := range r.events {
		lines = append(lines, string(e.Kind)+" "+e.Subject+": "+e.Text)
	}
	return strings.Join(lines, "\n")
}
