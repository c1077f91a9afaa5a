package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// client is who asks and how the request is called in logs.
type client struct {
	// ip is not valid where the peer has no IP address.
	ip        netip.Addr
	requestID string
}

func (c client) address() string {
	if !c.ip.IsValid() {
		return "unknown"
	}
	return c.ip.String()
}

const idHeader = "X-Request-Id"

// requestID returns the id of a request that went through the middleware, which
// replaces whatever the client sent.
func requestID(r *http.Request) string { return r.Header.Get(idHeader) }

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// clientOf believes forwarding headers of trusted proxies only.
func (a *App) clientOf(r *http.Request) client {
	c := client{ip: a.addressOf(r), requestID: newID()}
	if id := r.Header.Get(idHeader); a.proxied(r) && plainID.MatchString(id) {
		c.requestID = id
	}
	return c
}

// addressOf returns the client's address, which is not valid where the peer has none.
func (a *App) addressOf(r *http.Request) netip.Addr {
	ip := peerOf(r)
	if !a.trusted(ip) {
		return ip
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop
		if !a.trusted(hop) {
			break
		}
	}
	return ip
}

// parseHop reads an address as proxies write it: some with brackets, some with a port.
func parseHop(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap(), nil
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return address.Unmap(), err
}

// originOf is where the client found us, for examples to copy. Each proxy adds to
// the header what it was asked by, so the first value is the client's.
func (a *App) originOf(r *http.Request) string {
	scheme, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	if r.TLS != nil || a.proxied(r) && strings.EqualFold(strings.TrimSpace(scheme), "https") {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// peerOf is the address at the other end of the connection.
func peerOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

// proxied says whether a proxy that we trust asks.
func (a *App) proxied(r *http.Request) bool { return a.trusted(peerOf(r)) }

func (a *App) trusted(address netip.Addr) bool {
	for _, prefix := range a.cfg.TrustedProxies {
		if prefix.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}

func newID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}
