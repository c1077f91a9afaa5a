package azure

import (
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/compute/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/cloudinit"
)

// askHostKeys runs a command on the machine through Azure and keeps what it
// prints: Azure, not the network, vouches for the keys, so that even the
// first SSH connection is checked.
func (m *Machine) askHostKeys(ctx *pulumi.Context, args *MachineArgs) error {
	command, err := compute.NewVirtualMachineRunCommandByVirtualMachine(ctx, m.Name+"-host-keys", &compute.VirtualMachineRunCommandByVirtualMachineArgs{
		ResourceGroupName: args.Group,
		// By reference: a new machine has new keys, and is asked again.
		VmName:         m.vm.Name,
		RunCommandName: pulumi.String("host-keys"),
		Location:       pulumi.String(args.Location),
		Source:         &compute.VirtualMachineRunCommandScriptSourceArgs{Script: pulumi.String(cloudinit.HostKeysScript())},
		Parameters: compute.RunCommandInputParameterArray{
			&compute.RunCommandInputParameterArgs{Name: pulumi.String("machine"), Value: m.vm.VmId},
		},
		TimeoutInSeconds:                pulumi.Int(1800),
		TreatFailureAsDeploymentFailure: pulumi.Bool(true),
		Tags:                            args.tags(args.Role),
	}, options(m, pulumi.ReplaceOnChanges([]string{"parameters"}))...)
	if err != nil {
		return fmt.Errorf("declare run command of %s: %w", m.Name, err)
	}
	// The resource itself comes without its result; Azure adds that on request.
	answer := compute.LookupVirtualMachineRunCommandByVirtualMachineOutput(ctx, compute.LookupVirtualMachineRunCommandByVirtualMachineOutputArgs{
		ResourceGroupName: args.Group,
		VmName:            m.vm.Name,
		RunCommandName:    command.Name,
		Expand:            pulumi.String("instanceView"),
	}, pulumi.Parent(m))
	m.HostKeys = answer.ApplyT(func(r compute.LookupVirtualMachineRunCommandByVirtualMachineResult) ([]string, error) {
		output := ""
		if r.InstanceView.Output != nil {
			output = *r.InstanceView.Output
		}
		keys, err := cloudinit.HostKeys(output)
		if err != nil {
			return nil, fmt.Errorf("read host keys of %s: %w; it printed %.200q", m.Name, err, output)
		}
		return keys, nil
	}).(pulumi.StringArrayOutput)
	return nil
}
