package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ycesproject/yces/provision/inventory"
)

// shapeFile is where the state directory keeps what machines were asked for.
const shapeFile = "shape.json"

// shape is what machines a cluster was asked to have. It is written before the
// first one is made, so that a run that was killed half way is finished by the
// next one without naming the flags again.
type shape struct {
	Managers int  `json:"managers"`
	Workers  int  `json:"workers"`
	Monitor  bool `json:"monitor"`
}

// keeping takes from what exists whatever the user did not ask for.
func (o Options) keeping(have cluster, was shape) Options {
	if o.Given == nil {
		return o
	}
	keep(o, "managers", &o.Managers, was.Managers)
	keep(o, "workers", &o.Workers, was.Workers)
	keep(o, "monitor", &o.Monitor, was.Monitor)
	if len(have.Machines) > 0 {
		keep(o, "bare", &o.Bare, have.Machines[0].Bare)
	}
	if b := have.Balancer; b != nil {
		keep(o, "http-port", &o.HTTPPort, b.Port)
		keep(o, "probe-interval", &o.ProbeInterval, b.ProbeInterval)
		keep(o, "probe-threshold", &o.ProbeThreshold, b.ProbeThreshold)
	}
	return o
}

// keep sets the option to what it was, unless the flag was given or nothing is
// known of before.
func keep[T comparable](o Options, flag string, option *T, was T) {
	var unknown T
	if was != unknown && !o.Given(flag) {
		*option = was
	}
}

// shape is what the options ask for, and never less than what exists.
func (o Options) shape(have cluster) shape {
	there := have.shape()
	return shape{max(o.Managers, there.Managers), max(o.Workers, there.Workers), o.Monitor || there.Monitor}
}

// shape counts the machines there are.
func (c cluster) shape() shape {
	var s shape
	for _, p := range c.Machines {
		switch inventory.Role(p.Role) {
		case inventory.Manager:
			s.Managers++
		case inventory.Worker:
			s.Workers++
		case inventory.Monitor:
			s.Monitor = true
		}
	}
	return s
}

// readShape returns what was asked for before. Where the state directory was
// lost, the machines there are must do.
func readShape(dir string, have cluster) (shape, error) {
	text, err := os.ReadFile(filepath.Join(dir, shapeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return have.shape(), nil
	}
	if err != nil {
		return shape{}, fmt.Errorf("read the cluster's shape: %w", err)
	}
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		return shape{}, hintError{fmt.Errorf("read %s: %w", filepath.Join(dir, shapeFile), err), "remove that file; flags say what machines there are to be"}
	}
	return s, nil
}

func writeShape(dir string, s shape) error {
	doc, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the cluster's shape: %w", err)
	}
	return writeFile(filepath.Join(dir, shapeFile), append(doc, '\n'))
}
