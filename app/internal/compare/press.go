package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// measurement is what a load showed.
type measurement struct {
	rate        float64
	middle, p99 time.Duration
}

// press sends requests on all connections, each as soon as the last is answered.
// It reads answers by itself: net/http's client would take most of the machine.
func press(ctx context.Context, addr string, path func(int) string) (measurement, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	var workers sync.WaitGroup
	var numbers atomic.Int64
	took := make([][]time.Duration, connections)
	failed := make([]error, connections)
	start := time.Now()
	for i := range connections {
		workers.Go(func() {
			took[i], failed[i] = pressOne(ctx, addr, func() string { return path(int(numbers.Add(1))) })
		})
	}
	workers.Wait()
	elapsed := time.Since(start)
	all := slices.Concat(took...)
	if err := errors.Join(failed...); err != nil || len(all) == 0 {
		return measurement{}, fmt.Errorf("load %s: %w", addr, err)
	}
	slices.Sort(all)
	return measurement{float64(len(all)) / elapsed.Seconds(), all[len(all)/2], all[len(all)*99/100]}, nil
}

func pressOne(ctx context.Context, addr string, path func() string) ([]time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	answers := bufio.NewReaderSize(conn, 16<<10)
	took := make([]time.Duration, 0, 1<<16)
	var request []byte
	for ctx.Err() == nil {
		start := time.Now()
		request = fmt.Appendf(request[:0], "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path())
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := skipAnswer(answers); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}

var (
	good   = []byte("HTTP/1.1 200 ")
	length = []byte("Content-Length: ")
)

// skipAnswer reads an answer that must be 200 and have a length. It allocates
// nothing: a client's work would count as the server's.
func skipAnswer(r *bufio.Reader) error {
	size := 0
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if first && !bytes.HasPrefix(line, good) {
			return fmt.Errorf("answer is %s", bytes.TrimSpace(line))
		}
		if digits, ok := bytes.CutPrefix(line, length); ok {
			for _, digit := range bytes.TrimSpace(digits) {
				size = size*10 + int(digit-'0')
			}
		}
	}
	_, err := r.Discard(size)
	return err
}
