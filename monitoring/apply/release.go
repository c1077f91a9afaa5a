package apply

import (
	"context"
	_ "embed" // the script
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/ycesproject/yces/monitoring"
)

//go:embed activate.sh
var activateScript string

// The exit codes of activate.sh.
const (
	exitRejected   = "rejected\n"
	exitRolledBack = "rolled back\n"
)

const releases = monitoring.ConfigDir + "/releases"

func (p Plan) activate(ctx context.Context, fleet Fleet, report Report) error {
	h := p.in.Model.Monitor()
	subject := "machine " + h.Name
	report.Start(subject, "putting release "+p.Release.Digest+" in use")
	host, err := fleet.Host(ctx, *h.Node)
	if err != nil {
		return err
	}
	if err := uploadRelease(ctx, host, p.Release); err != nil {
		return err
	}
	out, err := host.RunScript(ctx, "put release in use", preamble(map[string]string{
		"RELEASES": releases, "DIGEST": p.Release.Digest, "CURRENT": monitoring.Current,
	})+activateScript, func(line string) { report.Output(subject, line) })
	switch {
	case err == nil:
		report.Done(subject, "release "+p.Release.Digest+" is in use")
		return nil
	case strings.HasSuffix(out, exitRejected):
		err = fmt.Errorf("%w:\n%s", ErrRejected, strings.TrimSuffix(out, exitRejected))
	case strings.HasSuffix(out, exitRolledBack):
		err = fmt.Errorf("%w:\n%s", ErrRolledBack, strings.TrimSuffix(out, exitRolledBack))
	}
	report.Fail(subject, "release "+p.Release.Digest+" is not in use")
	return err
}

func uploadRelease(ctx context.Context, host Host, r Release) error {
	dir := releases + "/" + r.Digest
	folders := map[string]bool{dir: true}
	for _, f := range r.Files {
		folders[path.Dir(dir+"/"+f.Path)] = true
	}
	script := "rm -rf " + dir + ".half\ninstall -d -m 755 " + releases + " " + strings.ReplaceAll(strings.Join(sorted(folders), " "), dir, dir+".half") + "\n"
	if _, err := host.RunScript(ctx, "make folders", script, nil); err != nil {
		return err
	}
	for _, f := range r.Files {
		mode := fs.FileMode(0o644)
		if f.Path == "htpasswd" {
			mode = 0o600 // activate.sh gives it to Apache
		}
		if err := host.Upload(ctx, f.Data, dir+".half/"+f.Path, mode); err != nil {
			return err
		}
	}
	return nil
}
