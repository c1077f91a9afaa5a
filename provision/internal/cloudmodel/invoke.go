package cloudmodel

import "fmt"

// modelImage is the one image that the model's EC2 has.
const modelImage = "ami-0123456789abcdef0"

// invoke answers a provider's functions.
func (w *World) invoke(token string, args Object) (Object, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch token {
	case "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine":
		return w.runCommandResult(args)
	case "azure-native:authorization:getClientConfig":
		return Object{"clientId": operator, "objectId": operator, "subscriptionId": lastSegment(subscription), "tenantId": tenant}, nil
	case "aws:ec2/getAmi:getAmi":
		if owners := args.Texts("owners"); len(owners) != 1 || owners[0] != "099720109477" {
			return nil, refuse("InvalidAMI", "your query returned no results: owners %v", owners)
		}
		return Object{"id": modelImage, "imageId": modelImage, "architecture": "x86_64"}, nil
	}
	return nil, fmt.Errorf("the model has no function %s", token)
}

// runCommandResult shows the answer of a command only to those who ask for it.
func (w *World) runCommandResult(args Object) (Object, error) {
	id := kinds[runCommand].id(w, args)
	r, ok := w.resources[id]
	if !ok {
		return nil, refuse("ResourceNotFound", "%s was not found", id)
	}
	result := shown(r)
	result["id"] = id
	if args.Text("expand") == "instanceView" {
		result["instanceView"] = r.State["instanceView"]
	}
	return result, nil
}

// shown is what a cloud returns of a resource.
func shown(r *Resource) Object {
	state := copyOf(r.State)
	delete(state, "instanceView")
	delete(state, "ownedBy")
	return state
}
