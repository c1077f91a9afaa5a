package cloudmodel

import (
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

const vaultPath = subscription + "/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-1"

// secured is what the small world gets for a machine's secrets.
var secured = []struct{ kind, inputs string }{
	{keyVault, `{` + place + `, "vaultName": "kv-1", "properties": {"tenantId": "` + tenant + `", "softDeleteRetentionInDays": 7,
		"networkAcls": {"virtualNetworkRules": [{"id": "` + network + `/virtualNetworks/net/subnets/swarm"}]}}}`},
	{vaultSecret, `{"resourceGroupName": "g", "vaultName": "kv-1", "secretName": "A-TOKEN", "properties": {"value": "hunter2"}}`},
	{roleAssignment, `{"scope": "` + vaultPath + `", "roleAssignmentName": "66666666-0000-0000-0000-000000000001", "roleDefinitionId": "` + roles[0] + `",
		"principalId": "PRINCIPAL", "principalType": "ServicePrincipal"}`},
}

// beginSecured makes the small world with a vault that its machine reads, with
// one text of the vault's inputs replaced, and returns the first refusal.
func beginSecured(t *testing.T, old, replacement string) (*World, error) {
	t.Helper()
	w, err := begin(t, `"networkSecurityGroup": {`, `"serviceEndpoints": [{"service": "Microsoft.KeyVault"}], "networkSecurityGroup": {`)
	if err != nil {
		t.Fatal(err)
	}
	principal := w.resources[full(t, w, "/virtualMachines/m")].State.Text("identity.principalId")
	for _, r := range secured {
		text := strings.Replace(r.inputs, old, replacement, 1)
		if _, err := w.create(r.kind, parsed(t, strings.ReplaceAll(text, "PRINCIPAL", principal))); err != nil {
			return w, err
		}
	}
	return w, nil
}

func TestWhatAVaultRefusesTheModelRefuses(t *testing.T) {
	for _, c := range []struct{ old, replacement, want string }{
		{`"vaultName": "kv-1", "properties"`, `"vaultName": "kv", "properties"`, "InvalidResourceName"},
		{`"vaultName": "kv-1", "properties"`, `"vaultName": "kv_1", "properties"`, "InvalidResourceName"},
		{`"vaultName": "kv-1", "properties"`, `"vaultName": "1kv-1", "properties"`, "InvalidResourceName"},
		{`"vaultName": "kv-1", "properties"`, `"vaultName": "kv-1-", "properties"`, "InvalidResourceName"},
		{`"vaultName": "kv-1", "properties"`, `"vaultName": "kv--1", "properties"`, "consecutive hyphens"},
		{`"vaultName": "kv-1", "properties"`, `"vaultName": "` + strings.Repeat("k", 25) + `", "properties"`, "InvalidResourceName"},
		{`"tenantId": "` + tenant, `"tenantId": "` + operator, "tenant"},
		{`"softDeleteRetentionInDays": 7`, `"softDeleteRetentionInDays": 6`, "between 7 and 90"},
		{`"softDeleteRetentionInDays": 7`, `"enablePurgeProtection": false, "softDeleteRetentionInDays": 7`, "cannot be set to false"},
		{`subnets/swarm"`, `subnets/gone"`, "InvalidResourceReference"},
		{`"A-TOKEN"`, `"A_TOKEN"`, "letters, digits and hyphens"},
		{`"hunter2"`, `""`, "1 to 25600 bytes"},
		{`"hunter2"`, `"` + strings.Repeat("x", 25601) + `"`, "1 to 25600 bytes"},
		{`"vaultName": "kv-1", "secretName"`, `"vaultName": "kv-2", "secretName"`, "ParentResourceNotFound"},
		{`"66666666-`, `"jenkins-`, "must be a GUID"},
		{`"PRINCIPAL"`, `"77777777-0000-0000-0000-000000000001"`, "PrincipalNotFound"},
		{`"ServicePrincipal"`, `"User"`, "PrincipalNotFound"},
		{"4633458b-", "00000000-", "does not exist"},
		{`"scope": "` + vaultPath, `"scope": "` + vaultPath + "x", "InvalidResourceReference"},
	} {
		if _, err := beginSecured(t, c.old, c.replacement); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.replacement, err, c.want)
		}
	}
	if _, err := beginSecured(t, "", ""); err != nil {
		t.Errorf("the sound vault: %v", err)
	}
}

func TestASubnetNeedsTheEndpointToReadAVault(t *testing.T) {
	w, err := begin(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.create(keyVault, parsed(t, secured[0].inputs)); err == nil || !strings.Contains(err.Error(), "VirtualNetworkNotValid") {
		t.Errorf("got %v", err)
	}
}

func TestASecretsValueIsNotReturned(t *testing.T) {
	w, err := beginSecured(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	walk(shown(w.resources[vaultPath+"/secrets/A-TOKEN"]), func(text string) {
		if strings.Contains(text, "hunter2") {
			t.Error("the vault shows a secret's value to its managers")
		}
	})
}

func TestSecretsGoWithTheirVaultWhoseNameStaysTaken(t *testing.T) {
	w, err := beginSecured(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.remove(vaultPath + "/secrets/A-TOKEN"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("a secret is deleted through the vault's firewall: %v", err)
	}
	for _, id := range []string{full(t, w, "/roleAssignments/66666666-0000-0000-0000-000000000001"), vaultPath} {
		if err := w.remove(id); err != nil {
			t.Fatal(err)
		}
	}
	if slices.ContainsFunc(w.IDs(), func(id string) bool { return strings.HasPrefix(id, vaultPath) }) {
		t.Errorf("left behind: %q", w.IDs())
	}
	if _, err := w.create(keyVault, parsed(t, secured[0].inputs)); err == nil || !strings.Contains(err.Error(), "VaultAlreadyExists") {
		t.Errorf("a deleted vault's name was given again: %v", err)
	}
}

func TestOneMachineHasARoleOnce(t *testing.T) {
	w, err := beginSecured(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	again := copyOf(w.resources[full(t, w, "/roleAssignments/66666666-0000-0000-0000-000000000001")].Inputs)
	again["roleAssignmentName"] = "66666666-0000-0000-0000-000000000002"
	if _, err := w.create(roleAssignment, again); err == nil || !strings.Contains(err.Error(), "RoleAssignmentExists") {
		t.Errorf("got %v", err)
	}
}

func TestAVaultTakesOneSecretAtATime(t *testing.T) {
	w, err := beginSecured(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error)
	write := func(name string) {
		_, err := w.create(vaultSecret, parsed(t, strings.Replace(secured[1].inputs, "A-TOKEN", name, 1)))
		results <- err
	}
	go write("B")
	go write("C")
	var refused []error
	for range 2 {
		if err := <-results; err != nil {
			refused = append(refused, err)
		}
	}
	if len(refused) != 1 || !strings.Contains(refused[0].Error(), "ConflictError") {
		t.Errorf("of two at once were refused: %v", refused)
	}
	go write("D")
	if err := <-results; err != nil {
		t.Errorf("one after them: %v", err)
	}
}

// checked is what the provider makes of a vault's inputs.
func checked(t *testing.T, news, olds Object, seed string) string {
	t.Helper()
	inputs, err := written(news)
	if err != nil {
		t.Fatal(err)
	}
	before, err := written(olds)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := new(provider).Check(t.Context(), &pulumirpc.CheckRequest{Urn: "urn:pulumi:dev::yces::" + keyVault + "::kv-", News: inputs, Olds: before, RandomSeed: []byte(seed)})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetInputs().GetFields()["vaultName"].GetStringValue()
}

func TestAVaultWithoutANameGetsOneThatItKeeps(t *testing.T) {
	first, second := checked(t, Object{}, Object{}, "1"), checked(t, Object{}, Object{}, "2")
	if first == second || !strings.HasPrefix(first, "kv-") || len(first) != 11 {
		t.Errorf("two vaults are named %s and %s", first, second)
	}
	if kept := checked(t, Object{}, Object{"vaultName": first}, "3"); kept != first {
		t.Errorf("%s became %s", first, kept)
	}
	if given := checked(t, Object{"vaultName": "mine"}, Object{"vaultName": first}, "3"); given != "mine" {
		t.Errorf("mine became %s", given)
	}
}
