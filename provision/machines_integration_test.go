//go:build integration

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
	"github.com/ycesproject/yces/swarmctl/machines"
)

// vms makes the model's virtual machines of containers, which systemd and
// Debian's cloud-init boot with the document that the program gave the cloud.
type vms struct {
	t      *testing.T
	engine *client.Client
	host   machines.Host
	// name is that of the network and the value of the label on everything.
	name, image string
	// subnet is the virtual network.
	subnet netip.Prefix
}

// vmLabel marks what a test made.
const vmLabel = "yces.provision.test"

func newVMs(t *testing.T, name string) *vms {
	t.Helper()
	engine, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	v := &vms{t: t, engine: engine, name: name}
	t.Cleanup(v.remove)
	if v.host, err = machines.ThisHost(os.Getenv); err != nil {
		t.Fatal(err)
	}
	v.askEngine()
	v.buildImage()
	v.makeNetwork()
	return v
}

// askEngine completes the host by what only its engine can tell.
func (v *vms) askEngine() {
	v.t.Helper()
	conn, err := net.Dial("unix", strings.TrimPrefix(v.engine.DaemonHost(), "unix://"))
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if v.host.MissingCaps, err = machines.MissingCaps(conn); err != nil {
		v.t.Fatal(err)
	}
	info, err := v.engine.Info(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	v.host.CgroupV2 = info.CgroupVersion == "2"
}

// buildImage makes the image of a machine as `swarmctl local up` has it, with
// what a cloud's image has beyond: cloud-init, and what the document asks for.
func (v *vms) buildImage() {
	v.t.Helper()
	recipe := machines.Image(v.host.Certs, "cloud-init", "apt-utils", "unattended-upgrades")
	base, err := v.engine.ImageInspect(v.t.Context(), machines.Base)
	if err != nil {
		v.t.Fatalf("%v; .ci/base-images.sh makes it", err)
	}
	if v.image, err = recipe.Reference(base.ID); err != nil {
		v.t.Fatal(err)
	}
	if _, err := v.engine.ImageInspect(v.t.Context(), v.image); err == nil {
		return
	}
	files, err := recipe.Context()
	if err != nil {
		v.t.Fatal(err)
	}
	tar, err := machines.Archive(files)
	if err != nil {
		v.t.Fatal(err)
	}
	args := []string{"build", "-q", "-t", v.image, "--label", machines.ImageLabel + "=" + recipe.Repository, "--build-arg", "BASE=" + machines.Base}
	for key, value := range recipe.Args {
		args = append(args, "--build-arg", key+"="+value)
	}
	for _, proxy := range v.host.Proxies {
		name, _, _ := strings.Cut(proxy, "=")
		args = append(args, "--build-arg", name) // its value comes from the environment
	}
	if _, err := docker(v.t.Context(), tar.String(), append(args, "-")...); err != nil {
		v.t.Fatal(err)
	}
}

// docker runs the docker command and returns what it printed on standard output.
func docker(ctx context.Context, stdin string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "docker", args...)
	// The classic builder reads a context from standard input without a plug-in.
	command.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	command.Stdin = strings.NewReader(stdin)
	var out, failure bytes.Buffer
	command.Stdout, command.Stderr = &out, &failure
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("docker %s: %w\n%s", strings.Join(args, " "), err, failure.String())
	}
	return out.String(), nil
}

// makeNetwork takes the first free network that a virtual network may be.
func (v *vms) makeNetwork() {
	v.t.Helper()
	err := machines.ErrNoSubnet
	for _, subnet := range machines.FreeSubnets(v.host.Used) {
		if !subnet.Addr().IsPrivate() {
			continue // the settings would refuse it
		}
		if _, err = v.engine.NetworkCreate(v.t.Context(), v.name, v.host.Network(subnet, v.labels())); err == nil {
			v.subnet = subnet
			return
		}
	}
	v.t.Fatalf("make a network: %v", err)
}

func (v *vms) labels() map[string]string { return map[string]string{vmLabel: v.name} }

// container is the name of a machine's.
func (v *vms) container(vm string) string { return v.name + "." + vm }

// Start boots a machine; as in the cloud, it is there before it is ready.
func (v *vms) Start(m cloudmodel.Machine) error {
	address, err := netip.ParseAddr(m.PrivateAddress)
	if err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	files, err := v.firstFiles(m)
	if err != nil {
		return err
	}
	tar, err := machines.Archive(files)
	if err != nil {
		return err
	}
	ctx := v.t.Context()
	made, err := v.engine.ContainerCreate(ctx, machines.Config(m.Name, v.image, v.labels()),
		v.host.HostConfig(v.name, machines.Disks{Labels: v.labels()}), machines.Attach(v.name, address, m.Name), nil, v.container(m.Name))
	if err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	if err := v.engine.CopyToContainer(ctx, made.ID, "/", tar, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("start %s: %w", m.Name, err)
	}
	return v.engine.ContainerStart(ctx, made.ID, container.StartOptions{})
}

// firstFiles are what cloud-init finds at the first boot: in Azure's stead, a seed
// of the datasource NoCloud with the machine's name, its document and the keys,
// and the administrator whom Azure would name.
func (v *vms) firstFiles(m cloudmodel.Machine) ([]machines.File, error) {
	files, err := v.host.Files()
	if err != nil {
		return nil, err
	}
	meta, err := yaml.Marshal(map[string]any{"instance-id": v.container(m.Name), "local-hostname": m.Name, "public-keys": m.Keys})
	if err != nil {
		return nil, err
	}
	platform, err := yaml.Marshal(map[string]any{
		"datasource_list": []string{"NoCloud"},
		"system_info":     map[string]any{"default_user": map[string]any{"name": m.User}},
		"network":         map[string]any{"config": "disabled"}, // the container has it
		"locale":          false,                                // and no package of locales
	})
	if err != nil {
		return nil, err
	}
	return append(files,
		machines.File{Name: "var/lib/cloud/seed/nocloud/user-data", Mode: 0o600, Data: []byte(m.CustomData)},
		machines.File{Name: "var/lib/cloud/seed/nocloud/meta-data", Mode: 0o644, Data: meta},
		machines.File{Name: "etc/cloud/cloud.cfg.d/95-platform.cfg", Mode: 0o644, Data: platform},
		// What sshd does is the document's matter alone.
		machines.File{Name: "etc/ssh/sshd_config.d/machine.conf", Mode: 0o644},
	), nil
}

// Run is the cloud's agent on the machine: it runs a script as root.
func (v *vms) Run(name, script string) (string, error) {
	return docker(v.t.Context(), script, "exec", "-i", v.container(name), "sh", "-s")
}

// Stop ends a machine; its disks go with it.
func (v *vms) Stop(name string) error {
	return v.engine.ContainerRemove(context.Background(), v.container(name), container.RemoveOptions{Force: true, RemoveVolumes: true})
}

// running are the names of the containers that there are.
func (v *vms) running() []string {
	v.t.Helper()
	list, err := v.engine.ContainerList(context.Background(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", vmLabel+"="+v.name))})
	if err != nil {
		v.t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		names = append(names, strings.TrimPrefix(c.Names[0], "/"))
	}
	return names
}

// remove takes away what is left, after a failure too, and then shows how the
// machines' first boots went.
func (v *vms) remove() {
	ctx := context.Background()
	var errs []error
	for _, name := range v.running() {
		if v.t.Failed() {
			boot, err := docker(ctx, "", "exec", name, "sh", "-c", "cloud-init status --long; journalctl -b --no-pager -n 60 -u 'cloud-*' -u ssh -u docker; tail -n 40 /var/log/cloud-init-output.log")
			v.t.Logf("%s: %v\n%s", name, err, boot)
		}
		errs = append(errs, v.engine.ContainerRemove(ctx, name, container.RemoveOptions{Force: true, RemoveVolumes: true}))
	}
	if v.subnet.IsValid() {
		errs = append(errs, v.engine.NetworkRemove(ctx, v.name))
	}
	if err := errors.Join(append(errs, v.engine.Close())...); err != nil {
		v.t.Errorf("clean up: %v", err)
	}
}
