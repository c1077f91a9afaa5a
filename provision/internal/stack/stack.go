// Package stack puts a stack together from its settings: the cluster on Azure,
// the monitoring host on AWS, and the outputs that others read.
package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/aws"
	"github.com/ycesproject/yces/provision/internal/azure"
	"github.com/ycesproject/yces/provision/internal/cloudinit"
	"github.com/ycesproject/yces/provision/internal/settings"
)

// Program declares the stack that Pulumi runs it for.
func Program(ctx *pulumi.Context) error {
	values, err := configuration(os.Getenv("PULUMI_CONFIG"))
	if err != nil {
		return err
	}
	s, err := settings.Load(ctx.Stack(), values)
	if err != nil {
		return err
	}
	outputs, err := Declare(ctx, s)
	if err != nil {
		return err
	}
	for name, value := range outputs {
		ctx.Export(name, value)
	}
	return nil
}

// configuration reads what Pulumi hands to the program. The SDK looks keys up
// one by one; only the whole shows the misspelt ones.
func configuration(document string) (settings.Values, error) {
	if document == "" {
		return nil, errors.New("no configuration: this program is run by `pulumi up`")
	}
	var values settings.Values
	if err := json.Unmarshal([]byte(document), &values); err != nil {
		return nil, fmt.Errorf("read Pulumi's configuration: %w", err)
	}
	return values, nil
}

// Declare declares what the settings say and returns the stack's outputs.
func Declare(ctx *pulumi.Context, s settings.Settings) (pulumi.Map, error) {
	monitor, err := newMonitoring(ctx, s)
	if err != nil {
		return nil, err
	}
	cluster, err := newCluster(ctx, s, monitor)
	if err != nil {
		return nil, err
	}
	if err := monitor.declare(ctx, s, cluster); err != nil {
		return nil, err
	}
	inventory := document(s, cluster, monitor)
	if err := giveInventory(ctx, cluster, inventory); err != nil {
		return nil, err
	}
	return outputs(s, cluster, monitor, inventory), nil
}

func newCluster(ctx *pulumi.Context, s settings.Settings, m *monitoring) (*azure.Cluster, error) {
	node, err := cloudinit.Node()
	if err != nil {
		return nil, err
	}
	bastion, err := cloudinit.Bastion()
	if err != nil {
		return nil, err
	}
	return azure.NewCluster(ctx, s.Name, &azure.ClusterArgs{
		Settings:       s,
		NodeInit:       pulumi.String(node),
		BastionInit:    pulumi.String(bastion),
		JenkinsInit:    jenkinsInit(s),
		JenkinsSecrets: jenkinsSecrets(s.Jenkins),
		MonitorAddress: m.ip(),
	})
}

// monitoring is the monitoring host; nil where there is none.
type monitoring struct {
	place   *aws.Place
	address *aws.Address
	host    *aws.Monitor
}

// newMonitoring takes the address first: each side's rules name the other's.
func newMonitoring(ctx *pulumi.Context, s settings.Settings) (*monitoring, error) {
	if !s.Monitor.Enabled {
		return nil, nil
	}
	place, err := aws.NewPlace(ctx, s.Monitor.Region, s.Name, s.Tags)
	if err != nil {
		return nil, err
	}
	address, err := aws.NewAddress(ctx, monitorName(s)+"-address", place)
	if err != nil {
		return nil, err
	}
	return &monitoring{place: place, address: address}, nil
}

// ip is the host's address; nil where there is no host.
func (m *monitoring) ip() pulumi.StringInput {
	if m == nil {
		return nil
	}
	return m.address.IP
}

func (m *monitoring) declare(ctx *pulumi.Context, s settings.Settings, cluster *azure.Cluster) error {
	if m == nil {
		return nil
	}
	var from pulumi.StringArray
	for _, p := range s.Access.AdminCIDRs {
		from = append(from, pulumi.String(p.String()))
	}
	if cluster.Bastion != nil {
		from = append(from, pulumi.Sprintf("%s/32", cluster.Bastion.Address))
	}
	var err error
	m.host, err = aws.NewMonitor(ctx, monitorName(s), &aws.MonitorArgs{
		Place: m.place, Settings: s.Monitor, Address: m.address, SSHFrom: from, SSHKeys: s.SSHKeys,
		Rebuild: slices.Contains(s.Rebuild, monitorName(s)),
	})
	return err
}

func monitorName(s settings.Settings) string { return s.Name + "-monitor" }
