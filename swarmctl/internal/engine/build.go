package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/pkg/jsonmessage"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/filesync"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"
	"golang.org/x/sync/errgroup"

	"github.com/ycesproject/yces/swarmctl/internal/event"
)

// BuildOptions say how an image is made.
type BuildOptions struct {
	// Subject is what the events are about: "image yces/qr".
	Subject    string
	Tag        string
	Context    string // absolute folder
	Dockerfile string // absolute file
	Args       map[string]*string
	Labels     map[string]string
	Target     string
	Network    string
	ExtraHosts []string
	// Platform is OS/ARCH; empty builds for the engine's own.
	Platform string
	// Credentials are for the registries of base images.
	Credentials *configfile.ConfigFile
}

// ErrNoBuildKit says that an engine has the classic builder only.
var ErrNoBuildKit = errors.New("the engine has no BuildKit; Docker 18.09 or newer on Linux has")

// Build makes an image with the engine's BuildKit and returns its ID. Only
// what the build reads is sent, and only where it changed since the last one.
func Build(ctx context.Context, c *Client, opts BuildOptions, sink event.Sink) (string, error) {
	ping, err := c.Ping(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the engine for its builder: %w", err)
	}
	if ping.BuilderVersion == build.BuilderV1 {
		return "", ErrNoBuildKit
	}
	s, err := newSession(ctx, opts)
	if err != nil {
		return "", err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return s.Run(ctx, func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return c.DialHijack(ctx, "/session", proto, meta)
		})
	})
	var id string
	group.Go(func() (err error) {
		defer func() { err = errors.Join(err, s.Close()) }()
		id, err = runBuild(ctx, c, s.ID(), opts, sink)
		return err
	})
	if err := group.Wait(); err != nil {
		return "", fmt.Errorf("build image %s: %w", opts.Tag, err)
	}
	return id, nil
}

// newSession offers the build's files and the user's registry credentials to
// the engine.
func newSession(ctx context.Context, opts BuildOptions) (*session.Session, error) {
	s, err := session.NewSession(ctx, opts.Context)
	if err != nil {
		return nil, fmt.Errorf("open build session: %w", err)
	}
	dirs := filesync.StaticDirSource{}
	for name, dir := range map[string]string{"context": opts.Context, "dockerfile": filepath.Dir(opts.Dockerfile)} {
		if dirs[name], err = ownerless(dir); err != nil {
			return nil, fmt.Errorf("read build %s: %w", name, err)
		}
	}
	s.Allow(filesync.NewFSSyncProvider(dirs))
	s.Allow(authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{ConfigFile: opts.Credentials}))
	return s, nil
}

// ownerless is a folder whose files belong to nobody in particular, so that
// who builds does not change what is built.
func ownerless(dir string) (fsutil.FS, error) {
	fs, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	return fsutil.NewFilterFS(fs, &fsutil.FilterOpt{Map: func(_ string, stat *fstypes.Stat) fsutil.MapResult {
		stat.Uid, stat.Gid = 0, 0
		return fsutil.MapResultKeep
	}})
}

func runBuild(ctx context.Context, c *Client, sessionID string, opts BuildOptions, sink event.Sink) (string, error) {
	resp, err := c.ImageBuild(ctx, nil, build.ImageBuildOptions{
		Version:       build.BuilderBuildKit,
		RemoteContext: "client-session",
		SessionID:     sessionID,
		BuildID:       randomID(),
		Tags:          []string{opts.Tag},
		Dockerfile:    filepath.Base(opts.Dockerfile),
		BuildArgs:     opts.Args,
		Labels:        opts.Labels,
		Target:        opts.Target,
		NetworkMode:   opts.Network,
		ExtraHosts:    opts.ExtraHosts,
		Platform:      opts.Platform,
	})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end, or the build has failed already
	return readBuild(resp.Body, opts.Subject, sink)
}

func randomID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand does not fail
	}
	return hex.EncodeToString(b[:])
}

// readBuild follows the build's messages to its end and returns the image's ID.
func readBuild(body io.Reader, subject string, sink event.Sink) (string, error) {
	trace := newTrace(subject, sink)
	var id string
	dec := json.NewDecoder(body)
	for {
		var m jsonmessage.JSONMessage
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		switch {
		case m.Error != nil:
			return "", trace.explain(m.Error)
		case m.ID == "moby.buildkit.trace" && m.Aux != nil:
			trace.read(*m.Aux)
		case m.ID == "moby.image.id" && m.Aux != nil:
			var result build.Result
			if err := json.Unmarshal(*m.Aux, &result); err != nil {
				return "", fmt.Errorf("read image id: %w", err)
			}
			id = result.ID
		}
	}
	if id == "" {
		return "", errors.New("the engine named no image")
	}
	return id, nil
}
