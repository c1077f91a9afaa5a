//go:build integration

package main

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
)

// edge is the model's network in operation: it listens at the world's public
// addresses, carries each connection where the model's interfaces, rules and
// security groups lead it, and probes what the model's balancers probe. What the
// cloud drops silently, it closes.
type edge struct {
	t     *testing.T
	world *cloudmodel.World

	mu        sync.Mutex
	listeners map[netip.AddrPort]net.Listener
	probers   map[cloudmodel.Probe]*prober
}

// edgePorts are those of which a connection is carried, if it is.
var edgePorts = []uint16{22, 80, 443, 2377}

func newEdge(t *testing.T, world *cloudmodel.World) *edge {
	e := &edge{t: t, world: world, listeners: map[netip.AddrPort]net.Listener{}, probers: map[cloudmodel.Probe]*prober{}}
	t.Cleanup(func() { e.reduce(nil, nil) })
	return e
}

// follow makes listeners and probes those of the world as it is now.
func (e *edge) follow() {
	e.t.Helper()
	var addresses []netip.AddrPort
	for _, address := range e.world.PublicAddresses() {
		for _, port := range edgePorts {
			addresses = append(addresses, netip.AddrPortFrom(address, port))
		}
	}
	probes := e.world.Probes()
	e.reduce(addresses, probes)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, address := range addresses {
		if e.listeners[address] == nil {
			e.listeners[address] = e.listen(address)
		}
	}
	for _, p := range probes {
		if e.probers[p] == nil {
			e.probers[p] = newProber(e.t.Context(), p)
		}
	}
}

// reduce ends what is not in the lists.
func (e *edge) reduce(addresses []netip.AddrPort, probes []cloudmodel.Probe) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for address, listener := range e.listeners {
		if !slices.Contains(addresses, address) {
			_ = listener.Close()
			delete(e.listeners, address)
		}
	}
	for p, running := range e.probers {
		if !slices.Contains(probes, p) {
			running.stop()
			delete(e.probers, p)
		}
	}
}

func (e *edge) listen(address netip.AddrPort) net.Listener {
	e.t.Helper()
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(address))
	if err != nil {
		e.t.Fatalf("listen at a public address: %v; ports below 1024 need root, or net.ipv4.ip_unprivileged_port_start", err)
	}
	go func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go e.carry(conn, address)
		}
	}()
	return listener
}

// carry brings one connection to where the model says; a hash of its ends
// chooses among several, as in Azure.
func (e *edge) carry(conn *net.TCPConn, to netip.AddrPort) {
	defer func() { _ = conn.Close() }()
	from := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	ends := e.world.Carry(from.Addr(), to, e.healthy)
	if len(ends) == 0 {
		_ = conn.SetLinger(0)
		return
	}
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, from.String()+to.String())
	machine, err := net.DialTimeout("tcp", ends[hash.Sum32()%uint32(len(ends))].String(), 10*time.Second)
	if err != nil {
		_ = conn.SetLinger(0)
		return
	}
	defer func() { _ = machine.Close() }()
	join(conn, machine.(*net.TCPConn))
}

// join copies both ways until both sides have ended.
func join(a, b *net.TCPConn) {
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].CloseWrite()
		})
	}
	both.Wait()
}

func (e *edge) healthy(p cloudmodel.Probe) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	running := e.probers[p]
	return running != nil && running.healthy()
}

// members are the addresses of pool members that are healthy.
func (e *edge) members() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for p, running := range e.probers {
		if running.healthy() {
			list = append(list, p.Target.Addr().String())
		}
	}
	slices.Sort(list)
	return list
}

// prober asks one member at each interval. It begins with unhealthy; as many
// equal answers in a row as the threshold says change that.
type prober struct {
	stop func()

	mu sync.Mutex
	up bool
}

func newProber(ctx context.Context, p cloudmodel.Probe) *prober {
	ctx, stop := context.WithCancel(ctx)
	running := &prober{stop: stop}
	go running.run(ctx, p)
	return running
}

func (r *prober) run(ctx context.Context, p cloudmodel.Probe) {
	tick := time.NewTicker(p.Interval)
	defer tick.Stop()
	for different := 0; ; {
		if answered := ask(ctx, p) == nil; answered == r.healthy() {
			different = 0
		} else if different++; different == p.Threshold {
			r.mu.Lock()
			r.up, different = answered, 0
			r.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *prober) healthy() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.up
}

// probeClient goes nowhere else than it is told.
var probeClient = &http.Client{
	Transport:     &http.Transport{},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask wants status 200 within the interval, and takes nothing else for healthy.
func ask(ctx context.Context, p cloudmodel.Probe) error {
	ctx, cancel := context.WithTimeout(ctx, p.Interval)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Target.String()+p.Path, nil)
	if err != nil {
		return err
	}
	req.Close = true
	res, err := probeClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}
