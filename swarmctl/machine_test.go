package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/docker/docker/pkg/stdcopy"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// machine starts a machine with an engine: machine NAME FILE sets $NAME_PORT and
// $NAME_KEY. Its SSH server, in this process, lets the key in `id.pub` in, and
// connects the engine's socket to an API that answers what FILE says (see
// answers) and writes what it is asked to NAME_requests. Where FILE is "-", no
// engine listens.
func machine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: machine NAME FILE")
	}
	name := args[0]
	m := &fakeMachine{}
	if args[1] != "-" {
		m.answers = &answers{file: ts.MkAbs(args[1]), log: ts.MkAbs(name + "_requests")}
		api := httptest.NewServer(m.answers)
		ts.Defer(api.Close)
		m.engine = api.Listener.Addr().String()
	}
	keygen(ts, false, []string{name + "_host", name + "_KEY"})
	host, err := ssh.ParsePrivateKey([]byte(ts.ReadFile(name + "_host")))
	ts.Check(err)
	allowed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(ts.ReadFile("id.pub")))
	ts.Check(err)
	m.config = &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), allowed.Marshal()) {
			return nil, fmt.Errorf("unknown key")
		}
		return &ssh.Permissions{}, nil
	}}
	m.config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	go m.accept(l)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(name+"_PORT", port)
}

// onlyread fails where the machine was asked to change something: onlyread NAME.
func onlyread(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: onlyread NAME")
	}
	log := ts.ReadFile(args[0] + "_requests")
	if log == "" {
		ts.Fatalf("the engine of %s was not asked anything", args[0])
	}
	for line := range strings.Lines(log) {
		// A login shows credentials to a registry and changes nothing.
		if !strings.HasPrefix(line, "GET ") && !strings.HasPrefix(line, "POST /auth") {
			ts.Fatalf("the engine of %s was asked to %s", args[0], line)
		}
	}
}

// fakeMachine is an SSH server on which commands do nothing.
type fakeMachine struct {
	config  *ssh.ServerConfig
	engine  string // address of its API
	answers *answers
}

// exit is the exit code of commands.
func (m *fakeMachine) exit() uint32 {
	if m.answers == nil {
		return 0
	}
	all, _ := m.answers.read()
	code, _ := all["exit"].(float64)
	return uint32(code)
}

func (m *fakeMachine) accept(l net.Listener) {
	for {
		raw, err := l.Accept()
		if err != nil {
			return
		}
		go m.serve(raw)
	}
}

func (m *fakeMachine) serve(raw net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(raw, m.config)
	if err != nil {
		_ = raw.Close()
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			go m.runNothing(c)
		case "direct-streamlocal@openssh.com":
			go m.forward(c)
		default:
			_ = c.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (m *fakeMachine) runNothing(c ssh.NewChannel) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	for r := range requests {
		_ = r.Reply(r.Type == "exec", nil)
		if r.Type == "exec" {
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{m.exit()}))
			_ = channel.Close()
		}
	}
}

func (m *fakeMachine) forward(c ssh.NewChannel) {
	var to struct {
		Path, Reserved string
		Number         uint32
	}
	if err := ssh.Unmarshal(c.ExtraData(), &to); err != nil || to.Path != "/var/run/docker.sock" || m.engine == "" {
		_ = c.Reject(ssh.ConnectionFailed, "open failed")
		return
	}
	api, err := net.Dial("tcp", m.engine)
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(api, channel); _ = api.Close() }()
	_, _ = io.Copy(channel, api)
	_ = channel.Close()
}

// answers is an engine's API. The file is a JSON object: the answer by request,
// "GET /nodes"; it is read anew for each. In it,
//   - {"$status": 409, "message": "…"} is an error;
//   - a list is filtered by the labels that the request asks for;
//   - "$gzip": V beside "Spec" puts V, packed, into the spec's data;
//   - configs that are created are kept beside it, see keptConfigs;
//   - "exit" is the exit code of all commands that are run, 0 where there is none;
//   - the answer to …/logs is a list of lines, those for standard error with "!" in front;
//   - {"$lines": […]} is a stream of objects, as builds, pulls and pushes have;
//   - {"$save": true} is a small image, as `docker save` writes one.
type answers struct {
	file, log string
	mu        sync.Mutex
	kept      keptConfigs
}

var apiVersion = regexp.MustCompile(`^/v[0-9.]+/`)

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.51")
	w.Header().Set("Content-Type", "application/json")
	asked := r.Method + " " + apiVersion.ReplaceAllString(r.URL.Path, "/")
	switch {
	case strings.HasSuffix(asked, " /_ping"):
		return
	case asked == "POST /session":
		holdSession(w)
		return
	}
	answer, err := a.find(asked, userOf(r))
	if a.kept.serve(w, r, asked) {
		return
	}
	if err != nil {
		answer = map[string]any{"$status": 501.0, "message": err.Error()}
	}
	switch v := answer.(type) {
	case map[string]any:
		if writeImages(w, v) {
			return
		}
		if status, ok := v["$status"].(float64); ok {
			w.WriteHeader(int(status))
		}
	case []any:
		if strings.HasSuffix(asked, "/logs") {
			writeLogs(w, v)
			return
		}
		if asked == "GET /configs" {
			v = a.kept.with(v)
		}
		answer = filtered(v, r.URL.Query().Get("filters"))
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (a *answers) find(asked, user string) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	log, err := os.OpenFile(a.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(log, strings.TrimSpace(asked+" "+user))
	if err := errors.Join(err, log.Close()); err != nil {
		return nil, err
	}
	all, err := a.read()
	if err != nil {
		return nil, err
	}
	answer, ok := all[asked]
	if !ok {
		return nil, fmt.Errorf("%s has no answer to %q", a.file, asked)
	}
	return answer, nil
}

func (a *answers) read() (map[string]any, error) {
	text, err := os.ReadFile(a.file)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	return all, json.Unmarshal(text, &all)
}

func filtered(list []any, query string) []any {
	var filters struct{ Label map[string]bool }
	_ = json.Unmarshal([]byte(query), &filters)
	return slices.DeleteFunc(list, func(item any) bool {
		object, _ := item.(map[string]any)
		spec, ok := object["Spec"].(map[string]any)
		if !ok {
			spec = object
		}
		if v, ok := object["$gzip"]; ok {
			spec["Data"] = packed(v)
		}
		labels, _ := spec["Labels"].(map[string]any)
		for want := range filters.Label {
			key, value, _ := strings.Cut(want, "=")
			if labels[key] != value {
				return true
			}
		}
		return false
	})
}

func packed(v any) []byte {
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	_ = json.NewEncoder(z).Encode(v)
	_ = z.Close()
	return data.Bytes()
}

func writeLogs(w http.ResponseWriter, lines []any) {
	w.Header().Set("Content-Type", "application/vnd.docker.multiplexed-stream")
	out, errs := stdcopy.NewStdWriter(w, stdcopy.Stdout), stdcopy.NewStdWriter(w, stdcopy.Stderr)
	for _, line := range lines {
		text, isErr := strings.CutPrefix(fmt.Sprint(line), "!")
		if isErr {
			fmt.Fprintln(errs, text)
		} else {
			fmt.Fprintln(out, text)
		}
	}
}
