package azure

import (
	"fmt"

	"github.com/pulumi/pulumi-azure-native-sdk/compute/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// JenkinsArgs describes the build machine.
type JenkinsArgs struct {
	MachineArgs
	DiskGB int
	// ProtectDisk refuses to delete the disk that holds Jenkins's home.
	ProtectDisk bool
	// Vault is where its secrets are to lie; nil for a machine without any.
	Vault *VaultArgs
	// Init writes its cloud-init document for its public address and for its
	// vault's, which is empty where there is none.
	Init func(address, vault string) (string, error)
}

// Jenkins is the build machine with a disk of its own for Jenkins's home,
// which outlives the machine.
type Jenkins struct {
	pulumi.ResourceState

	Machine *Machine
	// Vault is nil where there is none.
	Vault *Vault
}

// NewJenkins declares the build machine.
func NewJenkins(ctx *pulumi.Context, name string, args *JenkinsArgs, opts ...pulumi.ResourceOption) (*Jenkins, error) {
	j := &Jenkins{}
	if err := ctx.RegisterComponentResource("yces:azure:Jenkins", name, j, opts...); err != nil {
		return nil, fmt.Errorf("declare Jenkins: %w", err)
	}
	disk, err := j.disk(ctx, name+"-home", args)
	if err != nil {
		return nil, err
	}
	args.DataDisk = disk.ID().ToStringOutput()
	vault := pulumi.String("").ToStringOutput()
	if args.Vault != nil {
		if j.Vault, err = NewVault(ctx, name+"-vault", args.Vault, pulumi.Parent(j)); err != nil {
			return nil, err
		}
		vault = j.Vault.URI
	}
	args.CloudInitAt = func(address pulumi.StringOutput) pulumi.StringOutput {
		return pulumi.All(address, vault).ApplyT(func(known []any) (string, error) {
			return args.Init(known[0].(string), known[1].(string))
		}).(pulumi.StringOutput)
	}
	j.Machine, err = NewMachine(ctx, name, &args.MachineArgs, pulumi.Parent(j))
	if err != nil {
		return nil, err
	}
	if j.Vault != nil {
		if err := j.Vault.Admit(ctx, j.Machine); err != nil {
			return nil, err
		}
	}
	return j, ctx.RegisterResourceOutputs(j, pulumi.Map{"disk": disk.ID()})
}

func (j *Jenkins) disk(ctx *pulumi.Context, name string, args *JenkinsArgs) (*compute.Disk, error) {
	disk := &compute.DiskArgs{
		ResourceGroupName: args.Group,
		DiskName:          pulumi.String(name),
		Location:          pulumi.String(args.Location),
		CreationData:      &compute.CreationDataArgs{CreateOption: compute.DiskCreateOptionEmpty},
		DiskSizeGB:        pulumi.Int(args.DiskGB),
		Sku:               &compute.DiskSkuArgs{Name: compute.DiskStorageAccountTypes_StandardSSD_LRS},
		// Nobody downloads or uploads it.
		NetworkAccessPolicy: compute.NetworkAccessPolicyDenyAll,
		PublicNetworkAccess: compute.PublicNetworkAccessDisabled,
		Tags:                args.tags(args.Role),
	}
	if args.Zone != "" {
		disk.Zones = pulumi.StringArray{pulumi.String(args.Zone)}
	}
	made, err := compute.NewDisk(ctx, name, disk, options(j, pulumi.Protect(args.ProtectDisk), pulumi.IgnoreChanges([]string{"zones"}))...)
	if err != nil {
		return nil, fmt.Errorf("declare disk %s: %w", name, err)
	}
	if !args.ProtectDisk {
		return made, nil
	}
	return made, lock(ctx, name+"-lock", made.ID(), "holds Jenkins's home: jobs, history, credentials", options(j)...)
}
