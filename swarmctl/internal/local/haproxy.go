package local

import (
	"fmt"
	"strings"
	"time"
)

// The balancer's ports inside its container. The first is published.
const (
	balancerPort = 8080
	statsPort    = 8404
	backendName  = "nodes"
)

// backendNode is a node that takes connections on port 80.
type backendNode struct{ Name, Address string }

// haproxyConfig speaks as Azure's Standard load balancer does with a TCP rule
// and an HTTP probe:
//   - one connection stays with one node; a hash of the client's address and port
//     chooses it (Azure hashes the 5-tuple; the other three never differ here);
//   - a probe asks GET /readyz; only status 200 is healthy; `threshold` equal
//     answers in a row change a node's state;
//   - a node that fails its probe gets no new connection, and keeps those it has;
//   - nothing is tried again on another node;
//   - a connection without traffic is dropped after four minutes.
//
// It differs in that the client's connection is accepted before the node's: a
// refused one looks like a connection that closes without an answer. And a node
// counts as up until its first probe, not as down.
func haproxyConfig(nodes []backendNode, interval time.Duration, threshold int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `global
    maxconn 4000
    log stdout format raw daemon notice

defaults
    mode tcp
    timeout connect 5s
    timeout client 4m
    timeout server 4m
    timeout check %[1]dms
    retries 0

frontend http
    bind :%[2]d
    tcp-request connection set-var(sess.port) src_port
    default_backend %[3]s

backend %[3]s
    log global
    balance hash src,concat(:,sess.port)
    hash-type consistent wt6 avalanche
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host balancer hdr User-Agent "Load Balancer Agent" hdr Connection close
    http-check expect status 200
    default-server check inter %[1]dms fall %[4]d rise %[4]d
`, interval.Milliseconds(), balancerPort, backendName, threshold)
	for _, n := range nodes {
		fmt.Fprintf(&b, "    server %s %s:80\n", n.Name, n.Address)
	}
	fmt.Fprintf(&b, `
frontend stats
    mode http
    bind :%d
    http-request use-service prometheus-exporter if { path /metrics }
    stats enable
    stats uri /
`, statsPort)
	return b.String()
}
