package cloudmodel

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	virtualMachine  = "azure-native:compute:VirtualMachine"
	runCommand      = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine"
	availabilitySet = "azure-native:compute:AvailabilitySet"
	managedDisk     = "azure-native:compute:Disk"
)

var azureCompute = map[string]kind{
	virtualMachine: named("Microsoft.Compute/virtualMachines", "vmName", hostname, kind{
		check: checkMachine, adds: addMachine, onMade: startMachine, onGone: stopMachine,
		frozen: []string{"osProfile", "zones", "availabilitySet", "storageProfile.imageReference", "storageProfile.osDisk.name", "securityProfile.securityType"},
	}),
	runCommand: {
		id: func(_ *World, in Object) string {
			return subscription + "/resourceGroups/" + in.Text("resourceGroupName") + "/providers/Microsoft.Compute/virtualMachines/" +
				in.Text("vmName") + "/runCommands/" + in.Text("runCommandName")
		},
		check:    checkRunCommand,
		adds:     nameFrom("runCommandName"),
		replaces: []string{"resourceGroupName", "vmName", "runCommandName", "location"},
		onMade:   runIt,
	},
	availabilitySet: named("Microsoft.Compute/availabilitySets", "availabilitySetName", upTo80, kind{
		check: func(_ *World, r, _ *Resource) []error {
			if r.Inputs.Text("sku.name") != "Aligned" || r.Inputs.Number("platformFaultDomainCount") > 2 {
				return []error{refuse("InvalidParameter", "managed disks need an Aligned set, and this region has 2 fault domains")}
			}
			return nil
		},
		frozen: []string{"platformFaultDomainCount", "platformUpdateDomainCount"},
	}),
	managedDisk: named("Microsoft.Compute/disks", "diskName", upTo80, kind{
		check: func(_ *World, r, old *Resource) []error {
			if old != nil && r.Inputs.Number("diskSizeGB") < old.Inputs.Number("diskSizeGB") {
				return []error{refuse("OperationNotAllowed", "The disk %s can not be made smaller.", r.ID)}
			}
			return nil
		},
		frozen: []string{"zones", "creationData"},
	}),
}

var sizes = []string{"Standard_B1s", "Standard_B2s", "Standard_B2ms", "Standard_B4ms", "Standard_D2as_v5", "Standard_D4as_v5"}

func checkMachine(w *World, r, _ *Resource) []error {
	var faults []error
	bad := func(code, format string, args ...any) { faults = append(faults, refuse(code, format, args...)) }
	in := r.Inputs
	if size := in.Text("hardwareProfile.vmSize"); !slices.Contains(sizes, size) {
		bad("InvalidParameter", "The value %s provided for the VM size is not valid.", size)
	}
	if in.Get("availabilitySet") != nil && in.Get("zones") != nil {
		bad("BadRequest", "Availability Zone and Availability Set are mutually exclusive.")
	}
	if in.Text("storageProfile.imageReference.offer") != "ubuntu-24_04-lts" || in.Text("storageProfile.imageReference.sku") != "server" {
		bad("PlatformImageNotFound", "The platform image is not available: %v", in.Get("storageProfile.imageReference"))
	}
	faults = append(faults, checkSystem(in)...)
	return append(faults, w.checkAttachments(r)...)
}

// refused are user names that Azure does not take.
var refused = []string{"root", "admin", "administrator", "user", "test", "guest", "console"}

func checkSystem(in Object) []error {
	var faults []error
	bad := func(format string, args ...any) {
		faults = append(faults, refuse("InvalidParameter", format, args...))
	}
	user := in.Text("osProfile.adminUsername")
	if user == "" || slices.Contains(refused, user) {
		bad("The Admin Username specified is not allowed: %q", user)
	}
	keys := in.Objects("osProfile.linuxConfiguration.ssh.publicKeys")
	if in.Flag("osProfile.linuxConfiguration.disablePasswordAuthentication") && len(keys) == 0 {
		bad("Authentication using either SSH or by user name and password must be enabled.")
	}
	for _, key := range keys {
		if key.Text("path") != "/home/"+user+"/.ssh/authorized_keys" {
			bad("Destination path for SSH public keys is currently limited to its default value, got %q", key.Text("path"))
		}
		if !regexp.MustCompile(`^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+( .*)?$`).MatchString(key.Text("keyData")) {
			bad("The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.")
		}
	}
	if !hostname.MatchString(in.Text("osProfile.computerName")) {
		bad("Linux host name must be 1 to 64 letters, digits and hyphens, got %q", in.Text("osProfile.computerName"))
	}
	if err := encoded(in.Text("osProfile.customData")); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// checkAttachments refuses interfaces and disks that another machine has, and
// disks of another zone.
func (w *World) checkAttachments(r *Resource) []error {
	var faults []error
	var attached []string
	for _, nic := range r.Inputs.Objects("networkProfile.networkInterfaces") {
		attached = append(attached, nic.Text("id"))
	}
	if len(attached) == 0 {
		faults = append(faults, refuse("InvalidParameter", "%s has no network interface", r.ID))
	}
	for _, disk := range r.Inputs.Objects("storageProfile.dataDisks") {
		id := disk.Text("managedDisk.id")
		attached = append(attached, id)
		if d, ok := w.resources[id]; ok && !same(d.Inputs.Get("zones"), r.Inputs.Get("zones")) {
			faults = append(faults, refuse("BadRequest", "Disk %s is not in the zone of %s", id, r.ID))
		}
	}
	for _, other := range w.of(virtualMachine) {
		for _, id := range attached {
			if other.ID != r.ID && refers(other, id) {
				faults = append(faults, refuse("InUse", "%s is attached to %s", id, other.ID))
			}
		}
	}
	return faults
}

// addMachine gives the machine an identity, and makes its disk.
func addMachine(w *World, r, old *Resource) Object {
	if old != nil {
		return Object{"vmId": old.State["vmId"], "identity": old.State["identity"]}
	}
	parent, _, _ := strings.Cut(r.ID, "/virtualMachines/")
	disk := &Resource{ID: parent + "/disks/" + r.Inputs.Text("storageProfile.osDisk.name"), Type: managedDisk, Inputs: Object{}, State: Object{}}
	if r.Inputs.Text("storageProfile.osDisk.deleteOption") == "Delete" {
		disk.State["ownedBy"] = r.ID
	}
	w.resources[disk.ID] = disk
	return Object{
		"vmId":     number("11111111-0000-0000-0000-%012d", w.fresh()),
		"identity": map[string]any{"type": r.Inputs.Text("identity.type"), "principalId": number("22222222-0000-0000-0000-%012d", w.fresh())},
	}
}

func startMachine(w *World, r *Resource) error {
	doc, err := base64.StdEncoding.DecodeString(r.Inputs.Text("osProfile.customData"))
	if err != nil {
		return fmt.Errorf("decode custom data: %w", err)
	}
	m := Machine{
		Name: r.Inputs.Text("vmName"), PrivateAddress: w.addressOf(r),
		CustomData: string(doc), User: r.Inputs.Text("osProfile.adminUsername"),
	}
	for _, key := range r.Inputs.Objects("osProfile.linuxConfiguration.ssh.publicKeys") {
		m.Keys = append(m.Keys, key.Text("keyData"))
	}
	return w.machines.Start(m)
}

// addressOf is the private address of a machine's first interface.
func (w *World) addressOf(vm *Resource) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, nic := range vm.Inputs.Objects("networkProfile.networkInterfaces") {
		if r, ok := w.resources[nic.Text("id")]; ok {
			return r.State.Objects("ipConfigurations")[0].Text("privateIPAddress")
		}
	}
	return ""
}

func stopMachine(w *World, r *Resource) error { return w.machines.Stop(r.Inputs.Text("vmName")) }

func checkRunCommand(w *World, r, _ *Resource) []error {
	vm, _ := split(r.ID)
	if _, ok := w.resources[vm]; !ok {
		return []error{refuse("ParentResourceNotFound", "%s was not found", vm)}
	}
	if r.Inputs.Text("source.script") == "" {
		return []error{refuse("InvalidParameter", "the run command has no script")}
	}
	return nil
}

// runLimit is how much of a command's output Azure keeps: the last 4 kB.
const runLimit = 4096

// runIt runs the script. The answer is kept apart from the properties, because
// Azure shows it only to those who ask for the instance view.
func runIt(w *World, r *Resource) error {
	output, err := w.machines.Run(r.Inputs.Text("vmName"), r.Inputs.Text("source.script"))
	if err != nil && r.Inputs.Flag("treatFailureAsDeploymentFailure") {
		return refuse("VMExtensionProvisioningError", "the command ended with: %v", err)
	}
	if len(output) > runLimit {
		output = output[len(output)-runLimit:]
	}
	r.State["instanceView"] = map[string]any{"executionState": "Succeeded", "exitCode": 0.0, "output": output}
	return nil
}
