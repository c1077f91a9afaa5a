package apply

import (
	"context"
	"crypto/sha256"
	_ "embed" // the scripts
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ycesproject/yces/monitoring"
	"github.com/ycesproject/yces/monitoring/pki"
)

// State is what the machines are, by name.
type State map[string]Machine

// Machine is what one machine is.
type Machine struct {
	Arch string
	// Packages that are installed.
	Packages map[string]bool
	// Files by path: digest, mode and group.
	Files map[string]fileState
	// Certs by the name of the file in the PKI directory.
	Certs map[string][]byte
	// Authority is the monitor's.
	Authority pki.Pair
	// Release is the digest of the one in use.
	Release string
	// Key is the public half of the key that the monitor logs in with; "" where
	// there is none that is safe.
	Key string
	// Parts are those of ours that may have to go: nrpe, account, agent.
	Parts map[string]bool
	// Agent is Datadog's.
	Agent agentState
	// Fresh are daemons that run, with what lies on the disk.
	Fresh map[string]bool
}

type fileState struct {
	digest string
	mode   fs.FileMode
	group  string
}

func stateOf(f File) fileState {
	sum := sha256.Sum256(f.Data)
	return fileState{hex.EncodeToString(sum[:]), f.Mode, f.Group}
}

// The scripts are functions that their last line calls: of a script that was
// cut off nothing runs.
//
//go:embed observe.sh
var observeScript string

// Observe looks at all machines at the same time. Its error names every one
// that can't be looked at.
func Observe(ctx context.Context, in Input, fleet Fleet) (State, error) {
	hosts := in.Model.Machines()
	found := make([]Machine, len(hosts))
	faults := make([]error, len(hosts))
	var looks sync.WaitGroup
	for i, h := range hosts {
		looks.Go(func() { found[i], faults[i] = observe(ctx, in, fleet, h) })
	}
	looks.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	state := State{}
	for i, h := range hosts {
		state[h.Name] = found[i]
	}
	return state, nil
}

func observe(ctx context.Context, in Input, fleet Fleet, h monitoring.Host) (Machine, error) {
	host, err := fleet.Host(ctx, *h.Node)
	if err != nil {
		return Machine{}, err
	}
	out, err := host.RunScript(ctx, "look", preamble(map[string]string{
		"PACKAGES": strings.Join(in.packages(h), " "), "FILES": strings.Join(in.paths(h), " "),
		"PKI": monitoring.PKIDir, "CA": authorityDir, "CURRENT": monitoring.Current, "CONFIG": monitoring.ConfigDir,
		"KEY": monitoring.SSHKey, "ACCOUNT": monitoring.Account,
		"AGENT_LIST": agentList, "AGENT_KEYRING": agentKeyring, "AGENT_DIR": agentDir,
	})+observeScript, nil)
	if err != nil {
		return Machine{}, err
	}
	m, err := parseMachine(out)
	if err != nil {
		return Machine{}, fmt.Errorf("look at %q: %w", h.Name, err)
	}
	return m, nil
}

// preamble sets what a script reads.
func preamble(vars map[string]string) string {
	var b strings.Builder
	for _, key := range sorted(vars) {
		fmt.Fprintf(&b, "%s='%s'\n", key, strings.ReplaceAll(vars[key], "'", `'\''`))
	}
	return b.String()
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func parseMachine(text string) (Machine, error) {
	m := Machine{
		Packages: map[string]bool{}, Files: map[string]fileState{}, Certs: map[string][]byte{},
		Parts: map[string]bool{}, Fresh: map[string]bool{},
	}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if err := m.take(f); err != nil {
			return m, fmt.Errorf("%s: %w", f[0], err)
		}
	}
	if m.Arch == "" {
		return m, errors.New("it is no Debian or Ubuntu")
	}
	return m, nil
}

func (m *Machine) take(f []string) error {
	var err error
	switch f[0] {
	case "arch":
		m.Arch = f[1]
	case "package":
		m.Packages[f[1]] = true
	case "file":
		if len(f) != 5 {
			return errors.New("not understood")
		}
		mode, err := strconv.ParseUint(f[3], 8, 32)
		m.Files[f[1]] = fileState{f[2], fs.FileMode(mode), f[4]}
		return err
	case "cert":
		m.Certs[f[1]], err = base64.StdEncoding.DecodeString(f[2])
	case "ca.crt":
		m.Authority.Cert, err = base64.StdEncoding.DecodeString(f[1])
	case "ca.key":
		m.Authority.Key, err = base64.StdEncoding.DecodeString(f[1])
	case "login":
		return m.takeKey(f[1])
	case "part":
		m.Parts[f[1]] = true
	case "agent":
		return m.Agent.take(f[1:])
	case "release":
		m.Release = f[1]
	case "fresh":
		m.Fresh[f[1]] = true
	}
	return err
}

// publicKey is what ssh-keygen writes: a type, the key, and a comment.
var publicKey = regexp.MustCompile(`^ssh-ed25519 [A-Za-z0-9+/=]+( [A-Za-z0-9 ._-]+)?$`)

func (m *Machine) takeKey(text string) error {
	key, err := base64.StdEncoding.DecodeString(text)
	m.Key = strings.TrimSpace(string(key))
	if err == nil && !publicKey.MatchString(m.Key) {
		return errors.New("the monitor's key is not one that was made here")
	}
	return err
}
