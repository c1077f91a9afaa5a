package cloudmodel

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	keyVault       = "azure-native:keyvault:Vault"
	vaultSecret    = "azure-native:keyvault:Secret"
	roleAssignment = "azure-native:authorization:RoleAssignment"

	// operator is who runs Pulumi, in the directory tenant.
	operator = "33333333-0000-0000-0000-000000000001"
	tenant   = "44444444-0000-0000-0000-000000000001"
)

// roles are a choice of those that every subscription has.
var roles = []string{
	subscription + "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6", // Key Vault Secrets User
}

var (
	vaultNames  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$`)
	secretNames = regexp.MustCompile(`^[0-9A-Za-z-]{1,127}$`)
	guids       = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

var azureVault = map[string]kind{
	keyVault: named("Microsoft.KeyVault/vaults", "vaultName", vaultNames, kind{
		check: checkVault, adds: addVault, onGone: keepName, named: "vaultName",
		frozen: []string{"properties.tenantId", "properties.softDeleteRetentionInDays"},
	}),
	vaultSecret: {
		id: func(_ *World, in Object) string {
			return subscription + "/resourceGroups/" + in.Text("resourceGroupName") + "/providers/Microsoft.KeyVault/vaults/" +
				in.Text("vaultName") + "/secrets/" + in.Text("secretName")
		},
		check:     checkSecret,
		adds:      addSecret,
		replaces:  []string{"resourceGroupName", "vaultName", "secretName"},
		onWritten: writeVault,
		onGone: func(_ *World, r *Resource) error {
			return refuse("Forbidden", "Client address is not authorized and caller is not a trusted service: %s", r.ID)
		},
	},
	roleAssignment: {
		id:       within("providers/Microsoft.Authorization/roleAssignments", "scope", "roleAssignmentName"),
		check:    checkRoleAssignment,
		adds:     nameFrom("roleAssignmentName"),
		replaces: []string{"scope", "roleAssignmentName", "roleDefinitionId", "principalId"},
	},
}

func checkVault(w *World, r, old *Resource) []error {
	var faults []error
	bad := func(code, format string, args ...any) { faults = append(faults, refuse(code, format, args...)) }
	name, properties := r.Inputs.Text("vaultName"), Object{"p": r.Inputs.Get("properties")}
	if strings.Contains(name, "--") {
		bad("VaultNameNotValid", "The vault name '%s' is invalid: consecutive hyphens.", name)
	}
	if got := properties.Text("p.tenantId"); got != tenant {
		bad("BadRequest", "The tenant '%s' is not the subscription's.", got)
	}
	if days := properties.Number("p.softDeleteRetentionInDays"); days < 7 || days > 90 {
		bad("BadRequest", "The property \"softDeleteRetentionInDays\" must be between 7 and 90, got %v.", days)
	}
	if protected := properties.Get("p.enablePurgeProtection"); protected == false {
		bad("BadRequest", "The property \"enablePurgeProtection\" cannot be set to false.")
	}
	if old == nil && w.taken(r) {
		bad("VaultAlreadyExists", "The vault name '%s' is already in use, or belongs to a vault that was deleted and not purged.", name)
	}
	return append(faults, w.checkVaultNetwork(properties)...)
}

// taken tells whether a vault has the name of another, or of one that was
// deleted: names are unique in all of Azure, and outlive their vaults.
func (w *World) taken(r *Resource) bool {
	name := r.Inputs.Text("vaultName")
	return slices.Contains(w.deletedVaults, name) || slices.ContainsFunc(w.of(keyVault), func(other *Resource) bool {
		return other.ID != r.ID && strings.EqualFold(other.Inputs.Text("vaultName"), name)
	})
}

// checkVaultNetwork wants a subnet that may read to have the endpoint for it.
func (w *World) checkVaultNetwork(properties Object) []error {
	var faults []error
	for _, rule := range properties.Objects("p.networkAcls.virtualNetworkRules") {
		parent, _ := split(rule.Text("id"))
		network, ok := w.resources[parent]
		if !ok {
			continue // the reference has been refused
		}
		for _, subnet := range network.Inputs.Objects("subnets") {
			endpoint := func(e Object) bool { return e.Text("service") == "Microsoft.KeyVault" }
			if subnet.Text("name") == lastSegment(rule.Text("id")) && !slices.ContainsFunc(subnet.Objects("serviceEndpoints"), endpoint) {
				faults = append(faults, refuse("VirtualNetworkNotValid", "Subnet %s does not have ServiceEndpoints for Microsoft.KeyVault.", rule.Text("id")))
			}
		}
	}
	return faults
}

func addVault(_ *World, r, _ *Resource) Object {
	properties := copyOf(Object{"p": r.Inputs.Get("properties")})["p"].(map[string]any)
	properties["vaultUri"] = fmt.Sprintf("https://%s.vault.azure.net/", r.Inputs.Text("vaultName"))
	return Object{"properties": properties}
}

func keepName(w *World, r *Resource) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deletedVaults = append(w.deletedVaults, r.Inputs.Text("vaultName"))
	return nil
}

// secretBytes is how much a secret may hold.
const secretBytes = 25600

func checkSecret(w *World, r, _ *Resource) []error {
	var faults []error
	vault, _ := split(r.ID)
	if _, ok := w.resources[vault]; !ok {
		faults = append(faults, refuse("ParentResourceNotFound", "%s was not found", vault))
	}
	if name := r.Inputs.Text("secretName"); !secretNames.MatchString(name) {
		faults = append(faults, refuse("BadParameter", "The secret name '%s' is invalid: letters, digits and hyphens only.", name))
	}
	if size := len(r.Inputs.Text("properties.value")); size == 0 || size > secretBytes {
		faults = append(faults, refuse("BadParameter", "A secret's value has 1 to %d bytes, got %d.", secretBytes, size))
	}
	return faults
}

// vaultWrite is how long a vault is busy with one secret.
const vaultWrite = 100 * time.Millisecond

// writeVault refuses a secret that is written while another of its vault is.
func writeVault(w *World, r *Resource) error {
	vault, _ := split(r.ID)
	w.mu.Lock()
	busy := w.busyVaults[vault]
	w.busyVaults[vault] = true
	w.mu.Unlock()
	if busy {
		return refuse("ConflictError", "A conflict occurred that prevented the operation from completing: 'Key Vault' changed from the point the operation began.")
	}
	time.Sleep(vaultWrite)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.busyVaults, vault)
	return nil
}

// addSecret keeps the value out of what is returned, as Azure does.
func addSecret(w *World, r, _ *Resource) Object {
	vault, _ := split(r.ID)
	uri := fmt.Sprintf("https://%s.vault.azure.net/secrets/%s", lastSegment(vault), r.Inputs.Text("secretName"))
	return Object{"name": r.Inputs.Text("secretName"), "properties": map[string]any{
		"contentType": r.Inputs.Text("properties.contentType"), "secretUri": uri, "secretUriWithVersion": uri + "/" + number("%032x", w.fresh()),
	}}
}

func checkRoleAssignment(w *World, r, _ *Resource) []error {
	var faults []error
	bad := func(code, format string, args ...any) { faults = append(faults, refuse(code, format, args...)) }
	in := r.Inputs
	if !guids.MatchString(in.Text("roleAssignmentName")) {
		bad("InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid: it must be a GUID.", in.Text("roleAssignmentName"))
	}
	if !slices.Contains(roles, in.Text("roleDefinitionId")) {
		bad("RoleDefinitionDoesNotExist", "The specified role definition '%s' does not exist.", in.Text("roleDefinitionId"))
	}
	known := func(vm *Resource) bool { return vm.State.Text("identity.principalId") == in.Text("principalId") }
	if !slices.ContainsFunc(w.of(virtualMachine), known) || in.Text("principalType") != "ServicePrincipal" {
		bad("PrincipalNotFound", "Principal %s of type %q does not exist in the directory.", in.Text("principalId"), in.Text("principalType"))
	}
	for _, other := range w.of(roleAssignment) {
		if other.ID != r.ID && same([]any{other.Inputs["scope"], other.Inputs["principalId"], other.Inputs["roleDefinitionId"]}, []any{in["scope"], in["principalId"], in["roleDefinitionId"]}) {
			bad("RoleAssignmentExists", "The role assignment already exists: %s", other.ID)
		}
	}
	return faults
}
