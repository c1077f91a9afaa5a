package cloudmodel

import (
	"regexp"
	"slices"

	"golang.org/x/crypto/ssh"
)

func checkKeyPair(_ *World, r, _ *Resource) []error {
	var faults []error
	if name := r.Inputs.Text("keyName"); !regexp.MustCompile(`^[ -~]{1,255}$`).MatchString(name) {
		faults = append(faults, refuse("InvalidParameterValue", "Value (%s) for parameter keyName is invalid.", name))
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(r.Inputs.Text("publicKey")))
	if err != nil || key.Type() != ssh.KeyAlgoED25519 && key.Type() != ssh.KeyAlgoRSA {
		faults = append(faults, refuse("InvalidKey.Format", "Key is not in valid OpenSSH public key format"))
	}
	return faults
}

func checkEip(_ *World, r, _ *Resource) []error {
	if domain := r.Inputs.Text("domain"); domain != "vpc" {
		return []error{refuse("InvalidParameterValue", "Invalid value '%s' for domain", domain)}
	}
	return nil
}

// checkAssociation refuses an address that nothing leads to.
func checkAssociation(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "allocationId", "instanceId")
	network := w.networkOf(r.Inputs.Text("instanceId"))
	if network == "" {
		return faults // the reference has been refused
	}
	for _, gateway := range w.of(awsGateway) {
		if gateway.Inputs.Text("vpcId") == network {
			return faults
		}
	}
	return append(faults, refuse("Gateway.NotAttached", "Network %s is not attached to any internet gateway", network))
}

const (
	// userDataLimit is EC2's, in bytes before encoding.
	userDataLimit = 16384
	// imageGB is the size of the image's root volume.
	imageGB = 8
)

func checkInstance(w *World, r, _ *Resource) []error {
	faults := refer(r.Inputs, "subnetId")
	if len(r.Inputs.Text("userData")) > userDataLimit {
		faults = append(faults, refuse("InvalidParameterValue", "User data is limited to %d bytes", userDataLimit))
	}
	faults = append(faults, checkImage(r.Inputs)...)
	faults = append(faults, w.checkGroups(r.Inputs)...)
	faults = append(faults, checkMetadata(r.Inputs)...)
	faults = append(faults, checkDisk(r.Inputs)...)
	if name := r.Inputs.Text("keyName"); name != "" && (w.resources[name] == nil || w.resources[name].Type != awsKeyPair) {
		faults = append(faults, refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", name))
	}
	return faults
}

var (
	// instances is a choice of those that there are.
	instances    = regexp.MustCompile(`^(t3|t3a|m5|m6i|m6a|m7i|c6i|c7i|r6i)\.(micro|small|medium|large|xlarge|2xlarge)$`)
	armInstances = regexp.MustCompile(`^(t4g|m6g|m7g|c7g)\.(micro|small|medium|large|xlarge|2xlarge)$`)
	images       = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)
)

func checkImage(in Object) []error {
	var faults []error
	switch image := in.Text("ami"); {
	case !images.MatchString(image):
		faults = append(faults, refuse("InvalidAMIID.Malformed", "Invalid id: %q (expecting \"ami-...\")", image))
	case image != modelImage:
		faults = append(faults, refuse("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", image))
	}
	switch size := in.Text("instanceType"); {
	case armInstances.MatchString(size):
		faults = append(faults, refuse("InvalidParameterValue", "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI."))
	case !instances.MatchString(size):
		faults = append(faults, refuse("InvalidParameterValue", "Invalid value '%s' for InstanceType.", size))
	}
	return faults
}

func (w *World) checkGroups(in Object) []error {
	var faults []error
	for _, id := range in.Texts("vpcSecurityGroupIds") {
		faults = append(faults, refer(Object{"group": id}, "group")...)
		if network := w.networkOf(id); network != "" && network != w.networkOf(in.Text("subnetId")) {
			faults = append(faults, refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", id, in.Text("subnetId")))
		}
	}
	return faults
}

// checkMetadata is what the instance metadata service takes; see
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsRequest.html.
func checkMetadata(in Object) []error {
	var faults []error
	for property, allowed := range map[string][]string{
		"httpTokens": {"", "optional", "required"}, "httpEndpoint": {"", "enabled", "disabled"},
	} {
		if value := in.Text("metadataOptions." + property); !slices.Contains(allowed, value) {
			faults = append(faults, refuse("InvalidParameterValue", "Value ('%s') for parameter %s is invalid.", value, property))
		}
	}
	if hops, ok := in.Get("metadataOptions.httpPutResponseHopLimit").(float64); ok && (hops < 1 || hops > 64) {
		faults = append(faults, refuse("InvalidParameterValue", "Value ('%v') for parameter httpPutResponseHopLimit is invalid. It must be between 1 and 64.", hops))
	}
	return faults
}

// checkDisk is about the root volume, which has to boot.
func checkDisk(in Object) []error {
	var faults []error
	if volume := in.Text("rootBlockDevice.volumeType"); !slices.Contains([]string{"", "gp2", "gp3", "io1", "io2", "standard"}, volume) {
		faults = append(faults, refuse("InvalidParameterValue", "Value (%s) for parameter volumeType is invalid for a root volume.", volume))
	}
	if size, ok := in.Get("rootBlockDevice.volumeSize").(float64); ok && size < imageGB {
		faults = append(faults, refuse("InvalidBlockDeviceMapping", "Volume of size %vGB is smaller than snapshot 'snap-0', expect size >= %dGB", size, imageGB))
	}
	return faults
}
