package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/provision/internal/settings"
)

const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII87ed+Nztyo5O2vboHn2s0b9tUTvNF0lsdVEIz9FK5h"
	groupID   = "/subscriptions/0000/resourceGroups/"
)

// vaultDigits are what the provider adds to a vault's name.
const vaultDigits = "0123abcd"

// declared is a resource as the program declared it.
type declared struct {
	token, name, parent string
	inputs              map[string]any
	ignored, needs      []string
	protect             bool
	// secret says that something in the inputs is secret; retained, that the
	// cloud keeps the resource when the stack drops it.
	secret, retained bool
}

// recorder stands in for the engine: it keeps what is declared and answers
// with what a cloud would add.
type recorder struct {
	mu   sync.Mutex
	list []declared
	// output is what run commands print.
	output string
}

func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	rpc := args.RegisterRPC
	r.mu.Lock()
	r.list = append(r.list, declared{
		token: args.TypeToken, name: args.Name, parent: rpc.GetParent(),
		inputs: args.Inputs.Mappable(), ignored: rpc.GetIgnoreChanges(), needs: rpc.GetDependencies(), protect: rpc.GetProtect(),
		secret: resource.NewObjectProperty(args.Inputs).ContainsSecrets(), retained: rpc.GetRetainOnDelete(),
	})
	number := len(r.list)
	r.mu.Unlock()
	state := args.Inputs.Copy()
	for key, value := range added(args.TypeToken, args.Name, number, args.Inputs) {
		state[resource.PropertyKey(key)] = resource.NewPropertyValue(value)
	}
	return identifier(args.TypeToken, args.Name), state, nil
}

func identifier(token, name string) string {
	if token == "azure-native:resources:ResourceGroup" {
		return groupID + name
	}
	if strings.HasPrefix(token, "azure-native:") {
		return groupID + "g/providers/" + token + "/" + name
	}
	return name + "-id"
}

func added(token, name string, number int, inputs resource.PropertyMap) map[string]any {
	switch token {
	case "azure-native:network:PublicIPAddress":
		return map[string]any{"name": name, "ipAddress": fmt.Sprintf("198.51.100.%d", number)}
	case "azure-native:network:NetworkInterface":
		ip := inputs["ipConfigurations"].ArrayValue()[0].ObjectValue().Mappable()
		if ip["privateIPAddress"] == nil {
			ip["privateIPAddress"] = fmt.Sprintf("10.20.9.%d", number)
		}
		return map[string]any{"name": name, "ipConfigurations": []any{ip}}
	case "azure-native:compute:VirtualMachine":
		return map[string]any{"name": name, "vmId": fmt.Sprintf("vm-%d", number), "identity": map[string]any{"type": "SystemAssigned", "principalId": "principal of " + name}}
	case "azure-native:keyvault:Vault":
		vault := name + vaultDigits // as the provider completes it
		properties := inputs["properties"].ObjectValue().Mappable()
		properties["vaultUri"] = "https://" + vault + ".vault.azure.net/"
		return map[string]any{"name": vault, "properties": properties}
	case "aws:ec2/eip:Eip":
		return map[string]any{"publicIp": "192.0.2.7"}
	case "tls:index/privateKey:PrivateKey":
		return map[string]any{"publicKeyOpenssh": publicKey + "\n", "privateKeyOpenssh": "-----BEGIN OPENSSH PRIVATE KEY-----\n"}
	}
	return map[string]any{"name": name}
}

func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	switch args.Token {
	case "azure-native:compute:getVirtualMachineRunCommandByVirtualMachine":
		if args.Args["expand"].StringValue() != "instanceView" {
			return nil, errors.New("without expand there is no instance view")
		}
		return resource.NewPropertyMapFromMap(map[string]any{"instanceView": map[string]any{"output": r.output}}), nil
	case "azure-native:authorization:getClientConfig":
		return resource.NewPropertyMapFromMap(map[string]any{"clientId": "me", "objectId": "me", "subscriptionId": "0000", "tenantId": "tenant"}), nil
	case "aws:ec2/getAmi:getAmi":
		return resource.NewPropertyMapFromMap(map[string]any{"id": "ami-1"}), nil
	}
	return nil, fmt.Errorf("unexpected call of %s", args.Token)
}

// configFile reads one of the repository's stack files as Pulumi would hand it over.
func configFile(t *testing.T, name string) settings.Values {
	t.Helper()
	text, err := os.ReadFile("../../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Config map[string]any `json:"config"`
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	values := settings.Values{}
	for key, value := range file.Config {
		if s, ok := value.(string); ok {
			values[key] = s
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		values[key] = string(text)
	}
	return values
}

// dev and prod are the repository's own stacks, completed with what an
// operator adds.
func dev(t *testing.T) settings.Values {
	values := configFile(t, "Pulumi.dev.yaml")
	values["yces:sshKeys"] = `["` + publicKey + `"]`
	values["yces:adminCidrs"] = `["203.0.113.17/32"]`
	return values
}

func prod(t *testing.T) settings.Values { return configFile(t, "Pulumi.prod.example.yaml") }

// with returns the values with some replaced: key, value, key, value.
func with(values settings.Values, pairs ...string) settings.Values {
	for i := 0; i < len(pairs); i += 2 {
		values["yces:"+pairs[i]] = pairs[i+1]
	}
	return values
}

// run declares a stack and returns what it declared and the outputs.
func run(t *testing.T, values settings.Values) (*recorder, map[string]any) {
	t.Helper()
	r := &recorder{output: publicKey + " root@host\n"}
	outputs, err := r.run(values)
	if err != nil {
		t.Fatal(err)
	}
	return r, outputs
}

func (r *recorder) run(values settings.Values) (map[string]any, error) {
	s, err := settings.Load("dev", values)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	outputs := map[string]any{}
	err = pulumi.RunErr(func(ctx *pulumi.Context) error {
		all, err := Declare(ctx, s)
		for name, value := range all {
			ctx.Export(name, value)
			pulumi.ToOutput(value).ApplyT(func(v any) any {
				mu.Lock()
				defer mu.Unlock()
				outputs[name] = v
				return v
			})
		}
		return err
	}, pulumi.WithMocks("yces", "dev", r))
	return outputs, err
}

// of returns the declared resources of a type.
func (r *recorder) of(token string) []declared {
	var list []declared
	for _, d := range r.list {
		if d.token == token {
			list = append(list, d)
		}
	}
	return list
}
