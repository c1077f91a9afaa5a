package image

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/distribution/reference"
	"golang.org/x/sync/errgroup"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Loopback is where, on each node, the image is offered while it is handed
// over. Engines trust registries on loopback without TLS; the address is part
// of the name under which a node keeps the image, so it never changes.
const Loopback = "127.0.0.1:5555"

// Ref is the name under which nodes keep the image, after a digest the name
// that service specs use.
func Ref(name reference.Named, digest string) string {
	return Loopback + "/" + reference.Path(name) + "@" + digest
}

// Node is a machine that the image is handed to.
type Node interface {
	Name() string
	// Has tells whether the node's engine has the image already.
	Has(ctx context.Context, ref string) (bool, error)
	// Pull makes the node's engine fetch the image.
	Pull(ctx context.Context, ref string, progress func(current, total int64)) error
	// Listen accepts connections that the node's own processes make to addr.
	Listen(ctx context.Context, addr string) (net.Listener, error)
}

// Delivery says what went to one node.
type Delivery struct {
	Node string
	// Sent are the bytes that went through the tunnel; 0 where the node had
	// the image.
	Sent int64
	Took time.Duration
}

// Deliver hands an image to every node, at the same time. Where it fails for
// some, the others still get it and the error names each.
func Deliver(ctx context.Context, img *Image, ref string, nodes []Node, sink event.Sink) ([]Delivery, error) {
	deliveries := make([]Delivery, len(nodes))
	errs := make([]error, len(nodes))
	var group errgroup.Group
	for i, n := range nodes {
		group.Go(func() error {
			deliveries[i], errs[i] = deliver(ctx, img, ref, n, sink)
			return nil
		})
	}
	_ = group.Wait() // the functions keep their errors by node
	return deliveries, errors.Join(errs...)
}

func deliver(ctx context.Context, img *Image, ref string, n Node, sink event.Sink) (Delivery, error) {
	subject := "node " + n.Name()
	d := Delivery{Node: n.Name()}
	start := time.Now()
	has, err := n.Has(ctx, ref)
	if err != nil {
		return d, fmt.Errorf("hand image to node %s: %w", n.Name(), err)
	}
	if has {
		sink.Unchanged(subject, "has the image")
		return d, nil
	}
	d.Sent, err = transfer(ctx, img, ref, n, sink)
	if err != nil {
		sink.Fail(subject, "image not handed over")
		return d, fmt.Errorf("hand image to node %s: %w", n.Name(), err)
	}
	d.Took = time.Since(start)
	sink.Done(subject, fmt.Sprintf("has the image, %s sent in %s", Size(d.Sent), d.Took.Round(100*time.Millisecond)))
	return d, nil
}

// transfer serves the image on the node's loopback while the node pulls.
func transfer(ctx context.Context, img *Image, ref string, n Node, sink event.Sink) (int64, error) {
	listener, err := n.Listen(ctx, Loopback)
	if err != nil {
		return 0, err
	}
	s := &server{image: img}
	// Not a long-lived server: no idle or header limit fits a slow link.
	web := &http.Server{Handler: s} //nolint:gosec // only the node's loopback reaches it, for the time of one pull
	var serving sync.WaitGroup
	serving.Go(func() { _ = web.Serve(listener) }) // ends with ErrServerClosed, by Close below
	err = n.Pull(ctx, ref, func(current, total int64) {
		sink.Progress("node "+n.Name(), "receiving the image", current, total, event.Bytes)
	})
	err = errors.Join(err, web.Close())
	serving.Wait()
	return s.sent.Load(), err
}

// Size prints bytes as people read them: 1.2 MB.
func Size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
