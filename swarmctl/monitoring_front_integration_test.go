//go:build integration

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ycesproject/yces/monitoring/pki"
)

// front is what users open: TLS before the balancer, in the test's hands.
type front struct {
	t         *testing.T
	address   string
	server    *http.Server
	authority *pki.Authority
	cert      atomic.Pointer[tls.Certificate]
	listener  net.Listener
}

func newFront(t *testing.T, address, backend string) *front {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: backend})
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	quiet := log.New(io.Discard, "", 0)
	proxy.ErrorLog = quiet
	f := &front{t: t, address: net.JoinHostPort(address, "0"), server: &http.Server{Handler: proxy, ErrorLog: quiet, ReadHeaderTimeout: 10 * time.Second}}
	var err error
	if f.authority, err = pki.NewAuthority("front", time.Now()); err != nil {
		t.Fatal(err)
	}
	f.certify(90 * 24 * time.Hour)
	f.open()
	t.Cleanup(func() { _ = f.server.Close() })
	return f
}

// certify shows a certificate that is good for so long.
func (f *front) certify(left time.Duration) {
	f.t.Helper()
	host, _, err := net.SplitHostPort(f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	pair, err := f.authority.Issue(pki.Serve, "front", []string{host}, time.Now().Add(left-pki.CertificateLife))
	if err != nil {
		f.t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		f.t.Fatal(err)
	}
	f.cert.Store(&cert)
}

// listen takes the address, which stays the same from the first time on.
func (f *front) listen() {
	f.t.Helper()
	l, err := net.Listen("tcp", f.address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.listener, f.address = l, l.Addr().String()
}

// open answers.
func (f *front) open() {
	f.t.Helper()
	f.listen()
	secure := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.cert.Load(), nil }}
	go func(l net.Listener) { _ = f.server.Serve(l) }(tls.NewListener(f.listener, secure))
}

// refuse answers every connection with a reset, at once.
func (f *front) refuse() {
	f.t.Helper()
	if err := f.listener.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// swallow answers nothing: the kernel drops what arrives, because the queue of
// those that nobody takes is full.
func (f *front) swallow() {
	f.t.Helper()
	f.refuse()
	f.listen()
	raw, err := f.listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		f.t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); err != nil {
		f.t.Fatal(err)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	for range 10 {
		conn, err := net.DialTimeout("tcp", f.address, 200*time.Millisecond)
		if err != nil {
			return
		}
		f.t.Cleanup(func() { _ = conn.Close() })
	}
	f.t.Fatal("the queue is never full")
}

// answer ends what refuse or swallow began.
func (f *front) answer() {
	f.t.Helper()
	_ = f.listener.Close() // closed already after refuse
	f.open()
}

// serves tells whether a user who opens it now sees something.
func (f *front) serves(ctx context.Context) bool {
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(f.authority.Cert)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+f.address+"/", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
