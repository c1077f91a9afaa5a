// Package local makes machines as containers on the local engine: each runs
// systemd and sshd, has an address, host keys and an engine of its own, and
// HAProxy stands in front with the semantics of Azure's load balancer. To the
// rest of swarmctl they are an inventory like any other.
//
// What exists is known from labels alone; the state directory keeps the login
// key and the inventory.
package local
