package image

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// Puller is a machine whose engine fetches images by itself.
type Puller interface {
	Name() string
	Has(ctx context.Context, ref string) (bool, error)
	Pull(ctx context.Context, ref string, progress func(current, total int64)) error
}

// Pull makes every node fetch an image from its registry, at the same time.
// Where it fails for some, the others still get it and the error names each.
func Pull[N Puller](ctx context.Context, ref string, nodes []N, sink event.Sink) error {
	errs := make([]error, len(nodes))
	var pulls sync.WaitGroup
	for i, n := range nodes {
		pulls.Go(func() { errs[i] = pull(ctx, ref, n, sink) })
	}
	pulls.Wait()
	return errors.Join(errs...)
}

func pull(ctx context.Context, ref string, n Puller, sink event.Sink) error {
	subject := "node " + n.Name()
	has, err := n.Has(ctx, ref)
	if err != nil {
		return fmt.Errorf("node %s: %w", n.Name(), err)
	}
	if has {
		sink.Unchanged(subject, "has the image")
		return nil
	}
	start := time.Now()
	sink.Start(subject, "pulling the image")
	err = n.Pull(ctx, ref, func(current, total int64) {
		sink.Progress(subject, "pulling the image", current, total, event.Bytes)
	})
	if err != nil {
		sink.Fail(subject, "image not pulled")
		return fmt.Errorf("node %s: %w", n.Name(), err)
	}
	sink.Done(subject, fmt.Sprintf("has the image, pulled in %s", time.Since(start).Round(100*time.Millisecond)))
	return nil
}
