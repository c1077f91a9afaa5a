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
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return client{requestID: newID()}
	}
	c := client{ip: peer.Addr().Unmap(), requestID: newID()}
	if !a.trusted(peer.Addr()) {
		return c
	}
	if id := r.Header.Get(idHeader); plainID.MatchString(id) {
		c.requestID = id
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		c.ip = hop.Unmap()
		if !a.trusted(hop) {
			break
		}
	}
	return c
}

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
