package sshconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// needsAgent marks a key file that only the agent can open.
const needsAgent = "encrypted and not in the agent"

// DefaultIdentities are the key files of the home directory that are tried
// where the user names none.
func DefaultIdentities(home string) []string {
	if home == "" {
		return nil
	}
	var files []string
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		files = append(files, filepath.Join(home, ".ssh", name))
	}
	return files
}

// authenticator collects the keys to log in with, once, at the first login.
type authenticator struct {
	cfg Config

	mu     sync.Mutex
	loaded bool
	agent  net.Conn
	keys   []candidate
	unfit  []string
}

// candidate is a key that can be offered.
type candidate struct {
	name   string
	signer ssh.Signer
}

func newAuthenticator(cfg Config) *authenticator { return &authenticator{cfg: cfg} }

func (a *authenticator) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.agent == nil {
		return nil
	}
	return a.agent.Close()
}

// login is one attempt to log in and what it tried.
type login struct {
	auth  *authenticator
	tried []string
}

// method offers the keys, the named files' first: sshd gives up after
// MaxAuthTries (6) of them.
func (l *login) method(ctx context.Context) ssh.AuthMethod {
	return ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
		keys, unfit := l.auth.load(ctx)
		signers := make([]ssh.Signer, len(keys))
		for i, k := range keys {
			signers[i] = k.signer
			l.tried = append(l.tried, k.name)
		}
		l.tried = append(l.tried, unfit...)
		return signers, nil
	})
}

func (a *authenticator) load(ctx context.Context) ([]candidate, []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loaded {
		return a.keys, a.unfit
	}
	held := a.loadAgent(ctx)
	named := len(a.cfg.Identities) > 0
	files := a.cfg.Identities
	if !named {
		// The agent's keys come first where no file was named: they need no passphrase.
		a.keys, files = held, a.cfg.DefaultIdentities
	}
	for _, file := range files {
		a.loadFile(file, held, named)
	}
	if named {
		a.keys = append(a.keys, held...)
	}
	a.keys = unique(a.keys)
	a.loaded = ctx.Err() == nil
	return a.keys, a.unfit
}

// loadAgent asks the agent for its keys.
func (a *authenticator) loadAgent(ctx context.Context) []candidate {
	if a.cfg.AgentSocket == "" {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", a.cfg.AgentSocket)
	if err != nil {
		a.unfit = append(a.unfit, fmt.Sprintf("agent (%v)", err))
		return nil
	}
	a.agent = conn
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		a.unfit = append(a.unfit, fmt.Sprintf("agent (%v)", err))
		return nil
	}
	var keys []candidate
	for _, s := range signers {
		keys = append(keys, candidate{"agent key " + fingerprint(s.PublicKey()), s})
	}
	return keys
}

// loadFile adds the key of one file. A default file may well not exist.
func (a *authenticator) loadFile(path string, held []candidate, named bool) {
	pem, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && !named {
		return
	}
	if err != nil {
		a.unfit = append(a.unfit, fmt.Sprintf("file %s (%v)", path, errors.Unwrap(err)))
		return
	}
	signer, err := ssh.ParsePrivateKey(pem)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		a.keys = append(a.keys, candidate{fmt.Sprintf("file %s (%s)", path, fingerprint(signer.PublicKey())), signer})
	case errors.As(err, &locked):
		a.addLocked(path, locked.PublicKey, held)
	default:
		a.unfit = append(a.unfit, fmt.Sprintf("file %s (%v)", path, err))
	}
}

// addLocked offers an encrypted file's key through the agent, where it is there.
func (a *authenticator) addLocked(path string, public ssh.PublicKey, held []candidate) {
	for _, k := range held {
		if public != nil && fingerprint(k.signer.PublicKey()) == fingerprint(public) {
			a.keys = append(a.keys, k)
			return
		}
	}
	a.unfit = append(a.unfit, fmt.Sprintf("file %s (%s)", path, needsAgent))
}

// unique drops a key that is there twice, in a file and in the agent.
func unique(keys []candidate) []candidate {
	seen := map[string]bool{}
	var kept []candidate
	for _, k := range keys {
		id := string(k.signer.PublicKey().Marshal())
		if !seen[id] {
			seen[id] = true
			kept = append(kept, k)
		}
	}
	return kept
}
