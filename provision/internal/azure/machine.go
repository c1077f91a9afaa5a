package azure

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-azure-native-sdk/compute/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// MachineArgs describes one virtual machine.
type MachineArgs struct {
	Place
	// Role is the tag, and what the machine is for.
	Role string
	Size string
	// Zone is its availability zone; where empty, AvailabilitySet is the
	// identifier of a set, or nil for a machine on its own.
	Zone            string
	AvailabilitySet pulumi.StringPtrInput
	Subnet          pulumi.StringInput
	// PrivateAddress is fixed; empty lets Azure choose.
	PrivateAddress string
	// Pool is the balancer's pool that it joins; nil for none.
	Pool pulumi.StringInput
	// Public gives it an address of its own; DNSLabel makes that
	// LABEL.LOCATION.cloudapp.azure.com too.
	Public    bool
	DNSLabel  string
	User      string
	SSHKeys   []string
	CloudInit pulumi.StringInput
	// CloudInitAt, where set, writes the document for the machine's address.
	CloudInitAt      func(address pulumi.StringOutput) pulumi.StringOutput
	EncryptionAtHost bool
	// DataDisk is the identifier of a disk that it gets as its first; nil for none.
	DataDisk pulumi.StringInput
	// Rebuild replaces the machine where its cloud-init, keys or zone are no
	// longer those of the settings; otherwise it keeps what it was made with.
	Rebuild bool
	// Protect refuses to delete or replace the machine.
	Protect bool
	// After is the machine that is to be finished before this one begins; nil for none.
	After *Machine
}

// Machine is a virtual machine with its network interface and, perhaps, its
// public address.
type Machine struct {
	pulumi.ResourceState

	Name string
	// Address is the public address; empty where there is none.
	Address        pulumi.StringOutput
	PrivateAddress pulumi.StringOutput
	// HostKeys are the machine's public SSH keys, as it told Azure itself.
	HostKeys pulumi.StringArrayOutput
	// Zone is the availability zone that the machine is in; empty for none.
	Zone pulumi.StringOutput
	vm   *compute.VirtualMachine
}

// madeOnce are the properties that Azure does not let change. A change of the
// settings would replace every machine at once, and with them the swarm.
var madeOnce = []string{"osProfile", "zones", "availabilitySet"}

// NewMachine declares a machine.
func NewMachine(ctx *pulumi.Context, name string, args *MachineArgs, opts ...pulumi.ResourceOption) (*Machine, error) {
	m := &Machine{Name: name}
	if err := ctx.RegisterComponentResource("yces:azure:Machine", name, m, opts...); err != nil {
		return nil, fmt.Errorf("declare machine %s: %w", name, err)
	}
	nic, err := m.networkInterface(ctx, args)
	if err != nil {
		return nil, err
	}
	if args.CloudInitAt != nil {
		args.CloudInit = args.CloudInitAt(m.Address)
	}
	m.PrivateAddress = nic.IpConfigurations.Index(pulumi.Int(0)).PrivateIPAddress().Elem()
	m.vm, err = compute.NewVirtualMachine(ctx, name, m.virtualMachine(args, nic), options(m, args.changes()...)...)
	if err != nil {
		return nil, fmt.Errorf("declare virtual machine %s: %w", name, err)
	}
	m.Zone = m.vm.Zones.ApplyT(func(zones []string) string { return strings.Join(zones, ",") }).(pulumi.StringOutput)
	if err := m.askHostKeys(ctx, args); err != nil {
		return nil, err
	}
	return m, ctx.RegisterResourceOutputs(m, pulumi.Map{"address": m.Address, "privateAddress": m.PrivateAddress})
}

// changes says what may happen to a machine that exists, and when.
func (args *MachineArgs) changes() []pulumi.ResourceOption {
	opts := []pulumi.ResourceOption{pulumi.Protect(args.Protect && !args.Rebuild), pulumi.IgnoreChanges(madeOnce)}
	if args.Rebuild {
		opts[1] = pulumi.ReplaceOnChanges(madeOnce)
	}
	if args.After != nil {
		opts = append(opts, pulumi.DependsOn([]pulumi.Resource{args.After.vm}))
	}
	return opts
}

func (m *Machine) networkInterface(ctx *pulumi.Context, args *MachineArgs) (*network.NetworkInterface, error) {
	ip := &network.NetworkInterfaceIPConfigurationArgs{
		Name: pulumi.String("primary"), Primary: pulumi.Bool(true),
		Subnet:                    &network.SubnetTypeArgs{Id: args.Subnet.ToStringOutput()},
		PrivateIPAllocationMethod: network.IPAllocationMethodDynamic,
	}
	if args.PrivateAddress != "" {
		ip.PrivateIPAllocationMethod = network.IPAllocationMethodStatic
		ip.PrivateIPAddress = pulumi.String(args.PrivateAddress)
	}
	if args.Pool != nil {
		ip.LoadBalancerBackendAddressPools = network.BackendAddressPoolArray{&network.BackendAddressPoolArgs{Id: args.Pool.ToStringOutput()}}
	}
	m.Address = pulumi.String("").ToStringOutput()
	if args.Public {
		address, err := newAddress(ctx, args.Place, m.Name+"-address", args.DNSLabel, nil, options(m)...)
		if err != nil {
			return nil, err
		}
		m.Address = text(address)
		ip.PublicIPAddress = &network.PublicIPAddressTypeArgs{Id: address.ID()}
	}
	nic, err := network.NewNetworkInterface(ctx, m.Name+"-nic", &network.NetworkInterfaceArgs{
		ResourceGroupName:    args.Group,
		NetworkInterfaceName: pulumi.String(m.Name + "-nic"),
		Location:             pulumi.String(args.Location),
		IpConfigurations:     network.NetworkInterfaceIPConfigurationArray{ip},
		Tags:                 args.tags(args.Role),
	}, options(m)...)
	if err != nil {
		return nil, fmt.Errorf("declare network interface of %s: %w", m.Name, err)
	}
	return nic, nil
}

func (m *Machine) virtualMachine(args *MachineArgs, nic *network.NetworkInterface) *compute.VirtualMachineArgs {
	vm := &compute.VirtualMachineArgs{
		ResourceGroupName: args.Group,
		VmName:            pulumi.String(m.Name),
		Location:          pulumi.String(args.Location),
		HardwareProfile:   &compute.HardwareProfileArgs{VmSize: pulumi.String(args.Size)},
		StorageProfile:    m.storage(args),
		OsProfile:         m.system(args),
		NetworkProfile: &compute.NetworkProfileArgs{NetworkInterfaces: compute.NetworkInterfaceReferenceArray{
			&compute.NetworkInterfaceReferenceArgs{Id: nic.ID(), Primary: pulumi.Bool(true)},
		}},
		SecurityProfile: &compute.SecurityProfileArgs{
			SecurityType:     compute.SecurityTypesTrustedLaunch,
			UefiSettings:     &compute.UefiSettingsArgs{SecureBootEnabled: pulumi.Bool(true), VTpmEnabled: pulumi.Bool(true)},
			EncryptionAtHost: pulumi.Bool(args.EncryptionAtHost),
		},
		Identity: &compute.VirtualMachineIdentityArgs{Type: compute.ResourceIdentityTypeSystemAssigned},
		// Without a storage account of ours: Azure keeps the console's log.
		DiagnosticsProfile: &compute.DiagnosticsProfileArgs{BootDiagnostics: &compute.BootDiagnosticsArgs{Enabled: pulumi.Bool(true)}},
		Tags:               args.tags(args.Role),
	}
	if args.Zone != "" {
		vm.Zones = pulumi.StringArray{pulumi.String(args.Zone)}
	} else if args.AvailabilitySet != nil {
		vm.AvailabilitySet = &compute.SubResourceArgs{Id: args.AvailabilitySet}
	}
	return vm
}

func (m *Machine) storage(args *MachineArgs) *compute.StorageProfileArgs {
	storage := &compute.StorageProfileArgs{
		ImageReference: &compute.ImageReferenceArgs{
			Publisher: pulumi.String("Canonical"), Offer: pulumi.String("ubuntu-24_04-lts"),
			Sku: pulumi.String("server"), Version: pulumi.String("latest"),
		},
		OsDisk: &compute.OSDiskArgs{
			Name: pulumi.String(m.Name + "-os"), CreateOption: compute.DiskCreateOptionTypesFromImage,
			// Otherwise the disk outlives its machine, and is paid for.
			DeleteOption: compute.DiskDeleteOptionTypesDelete,
			Caching:      compute.CachingTypesReadWrite,
			ManagedDisk:  &compute.ManagedDiskParametersArgs{StorageAccountType: compute.StorageAccountTypes_StandardSSD_LRS},
		},
	}
	if args.DataDisk != nil {
		storage.DataDisks = compute.DataDiskArray{&compute.DataDiskArgs{
			Lun: pulumi.Int(0), CreateOption: compute.DiskCreateOptionTypesAttach,
			DeleteOption: compute.DiskDeleteOptionTypesDetach, Caching: compute.CachingTypesReadOnly,
			ManagedDisk: &compute.ManagedDiskParametersArgs{Id: args.DataDisk.ToStringOutput()},
		}}
	}
	return storage
}

func (m *Machine) system(args *MachineArgs) *compute.OSProfileArgs {
	var keys compute.SshPublicKeyTypeArray
	for _, key := range args.SSHKeys {
		keys = append(keys, &compute.SshPublicKeyTypeArgs{
			KeyData: pulumi.String(key), Path: pulumi.Sprintf("/home/%s/.ssh/authorized_keys", args.User),
		})
	}
	encoded := args.CloudInit.ToStringOutput().ApplyT(func(doc string) string {
		return base64.StdEncoding.EncodeToString([]byte(doc))
	}).(pulumi.StringOutput)
	return &compute.OSProfileArgs{
		ComputerName:  pulumi.String(m.Name),
		AdminUsername: pulumi.String(args.User),
		CustomData:    encoded,
		LinuxConfiguration: &compute.LinuxConfigurationArgs{
			DisablePasswordAuthentication: pulumi.Bool(true),
			ProvisionVMAgent:              pulumi.Bool(true),
			Ssh:                           &compute.SshConfigurationArgs{PublicKeys: keys},
		},
	}
}
