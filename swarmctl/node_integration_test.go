//go:build integration

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// nodesOfTasks are where replicas run.
func (m *machines) nodesOfTasks() map[string]int {
	nodes := map[string]int{}
	for _, task := range m.status().Services[0].Tasks {
		if task.State == "running" {
			nodes[task.Node]++
		}
	}
	return nodes
}

func drainedNode(t *testing.T, m *machines) {
	drained := m.status().Services[0].Tasks[0].Node
	r := m.must("node", "drain", drained)
	m.expect(0, r, "node "+drained+": set to drain", "node "+drained+": runs nothing")
	if nodes := m.nodesOfTasks(); nodes[drained] != 0 || len(nodes) != 2 {
		t.Errorf("replicas run on %v", nodes)
	}
	t.Logf("drained in %s", r.took.Round(time.Millisecond))
	m.serves("version 1")
	var others []string
	for _, n := range m.members() {
		if n.Name != drained {
			others = append(others, n.Name)
		}
	}
	m.expect(1, m.run("node", "drain", others[0], others[1]), "nothing was changed", "nothing would run any more")
	m.expect(0, m.run("node", "drain", drained), "set to drain already")
	m.expect(0, m.run("node", "activate", drained), "set to active")
	for _, n := range m.members() {
		if n.Availability != "active" {
			t.Errorf("%s is set to %s", n.Name, n.Availability)
		}
	}
}

// engine asks the engine of the machine itself.
func (m *machines) engine(machine, format string) string {
	m.t.Helper()
	return strings.TrimSpace(m.docker("exec", "swarmctl."+m.name+"."+machine, "docker", "info", "--format", format))
}

// The leader goes, called by its ID: the swarm elects another one meanwhile.
func removedNode(t *testing.T, m *machines) {
	var leader string
	for _, n := range m.members() {
		if n.Leader {
			leader = n.Name
		}
	}
	m.expect(2, m.run("node", "rm", leader), "--yes")
	r := m.run("node", "rm", "--yes", m.engine(leader, "{{.Swarm.NodeID}}"))
	m.expect(0, r, "2 managers are left", "node "+leader+": removed from the swarm", "the inventory still names it")
	t.Logf("removed the leader in %s", r.took.Round(time.Millisecond))
	m.serves("version 1")
	if nodes := m.nodesOfTasks(); nodes[leader] != 0 || len(nodes) != 2 {
		t.Errorf("replicas run on %v", nodes)
	}
	for _, n := range m.members() {
		if n.Name == leader && n.Status != "absent" {
			t.Errorf("%s is %s", leader, n.Status)
		}
	}
	if state := m.engine(leader, "{{.Swarm.LocalNodeState}}"); state != string(swarm.LocalNodeStateInactive) {
		t.Errorf("its engine says %s", state)
	}
	m.expect(2, m.run("node", "rm", "--yes", leader), "there is no node")
	m.expect(0, m.run("up"), "node "+leader+": has no images yet")
	for _, n := range m.members() {
		if n.Status != "ready" {
			t.Errorf("%s is %s", n.Name, n.Status)
		}
	}
}
