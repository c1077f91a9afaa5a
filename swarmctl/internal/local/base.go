package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"github.com/ycesproject/yces/swarmctl/machines"
)

const (
	baseImage   = machines.Base
	baseRelease = "bookworm"
	// pullTimeout is long for 28 MB and short for a registry that never answers.
	pullTimeout = 90 * time.Second
)

// base returns the ID of the base image: the local one, else pulled, else
// made from Debian's own packages where no registry can be reached.
func (b builder) base(ctx context.Context) (string, error) {
	id, err := b.baseID(ctx)
	if !cerrdefs.IsNotFound(err) {
		return id, err
	}
	subject := "image " + baseImage
	b.sink.Start(subject, "pulling")
	pullErr := b.pull(ctx)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if pullErr != nil {
		b.sink.Warn(subject, fmt.Sprintf("not pulled (%s); making it from Debian packages", pullErr))
		if err := b.bootstrap(ctx); err != nil {
			b.sink.Fail(subject, "neither pulled nor made")
			return "", hintError{
				fmt.Errorf("get image %s: pull: %w; make from packages: %w", baseImage, pullErr, err),
				"let the engine reach a registry, or run `sudo apt-get install mmdebstrap` and try again",
			}
		}
	}
	b.sink.Done(subject, "ready")
	return b.baseID(ctx)
}

func (b builder) baseID(ctx context.Context) (string, error) {
	info, err := b.engine.ImageInspect(ctx, baseImage)
	if err != nil {
		return "", fmt.Errorf("inspect image %s: %w", baseImage, err)
	}
	return info.ID, nil
}

func (b builder) pull(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	stream, err := b.engine.ImagePull(ctx, baseImage, image.PullOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	return b.follow("image "+baseImage, stream)
}

// bootstrap streams a root file system from mmdebstrap or debootstrap into the
// engine.
func (b builder) bootstrap(ctx context.Context) error {
	if path, err := exec.LookPath("mmdebstrap"); err == nil {
		cmd := exec.CommandContext(ctx, path, "--variant=minbase", "--include=ca-certificates", baseRelease, "-")
		return b.importFrom(ctx, cmd)
	}
	path, err := exec.LookPath("debootstrap")
	if err != nil {
		return errors.New("neither mmdebstrap nor debootstrap is installed")
	}
	dir, err := os.MkdirTemp("", "swarmctl-base-")
	if err != nil {
		return fmt.Errorf("make folder for debootstrap: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	root := filepath.Join(dir, "root")
	cmd := exec.CommandContext(ctx, path, "--variant=minbase", "--include=ca-certificates", baseRelease, root)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run debootstrap: %w: %s", err, lastLine(out))
	}
	return b.importFrom(ctx, exec.CommandContext(ctx, "tar", "--numeric-owner", "--one-file-system", "-C", root, "-c", "."))
}

// importFrom makes the base image of the tar that the command prints. It is
// tagged only after the command succeeded, so that half a system never counts.
func (b builder) importFrom(ctx context.Context, cmd *exec.Cmd) error {
	name := filepath.Base(cmd.Path)
	log := lineWriter(func(line string) { b.sink.Output("image "+baseImage, line) })
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	const unproven = "swarmctl-base:unproven"
	importErr := b.importTar(ctx, out, unproven)
	if importErr != nil {
		// The pipe must be emptied, or the command would wait for ever.
		_, _ = io.Copy(io.Discard, out)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("run %s: %w", name, err)
	}
	if importErr != nil {
		return importErr
	}
	if err := b.engine.ImageTag(ctx, unproven, baseImage); err != nil {
		return fmt.Errorf("tag image: %w", err)
	}
	_, err = b.engine.ImageRemove(ctx, unproven, image.RemoveOptions{})
	return err
}

func (b builder) importTar(ctx context.Context, tar io.Reader, ref string) error {
	stream, err := b.engine.ImageImport(ctx, image.ImportSource{Source: tar, SourceName: "-"}, ref, image.ImportOptions{
		Changes: []string{`CMD ["bash"]`},
	})
	if err != nil {
		return fmt.Errorf("import image: %w", err)
	}
	defer func() { _ = stream.Close() }()
	return b.follow("image "+baseImage, stream)
}

// lineWriter calls itself with every line that is written to it.
type lineWriter func(string)

func (w lineWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSpace(line); line != "" {
			w(line)
		}
	}
	return len(p), nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}
