package azure

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/network/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// vaultReader is the role Key Vault Secrets User, which reads secrets and
// nothing else; see https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
const vaultReader = "4633458b-17de-408a-b874-0445c86b69e6"

// vaultEndpoint takes a subnet's traffic to key vaults on a way of its own, so
// that a vault can tell the subnet from the rest of the world.
var vaultEndpoint = network.ServiceEndpointPropertiesFormatArray{
	&network.ServiceEndpointPropertiesFormatArgs{Service: pulumi.String("Microsoft.KeyVault")},
}

// VaultArgs describes a vault for the secrets of one machine.
type VaultArgs struct {
	Place
	// Subnet alone reads from it.
	Subnet pulumi.StringInput
	// Secrets are what lies in it, by name: letters, digits and hyphens. A name
	// that was taken out of it can't be put in again.
	Secrets map[string]pulumi.StringInput
	// Protect refuses to purge what was deleted before its week is over. Azure
	// does not take that back.
	Protect bool
}

// Vault is a key vault that is read with roles, from one subnet.
type Vault struct {
	pulumi.ResourceState

	// URI is https://NAME.vault.azure.net/.
	URI   pulumi.StringOutput
	args  *VaultArgs
	vault *keyvault.Vault
	who   authorization.GetClientConfigResultOutput
	// last is the secret that was declared last; nil before the first.
	last pulumi.Resource
}

// retention is how many days what was deleted can be brought back. Azure takes
// 7 to 90, and no change.
const retention = 7

// NewVault declares a vault with its secrets.
func NewVault(ctx *pulumi.Context, name string, args *VaultArgs, opts ...pulumi.ResourceOption) (*Vault, error) {
	v := &Vault{args: args}
	if err := ctx.RegisterComponentResource("yces:azure:Vault", name, v, opts...); err != nil {
		return nil, fmt.Errorf("declare vault: %w", err)
	}
	v.who = authorization.GetClientConfigOutput(ctx, pulumi.Parent(v))
	var err error
	// Pulumi completes the name with digits of its own for each vault that it
	// makes, because names of vaults are taken for a week after their end.
	v.vault, err = keyvault.NewVault(ctx, vaultPrefix(args.Prefix), v.declaration(), options(v)...)
	if err != nil {
		return nil, fmt.Errorf("declare vault %s: %w", name, err)
	}
	v.URI = v.vault.Properties.VaultUri()
	for _, secret := range slices.Sorted(maps.Keys(args.Secrets)) {
		if err := v.Keep(ctx, secret, args.Secrets[secret]); err != nil {
			return nil, err
		}
	}
	return v, ctx.RegisterResourceOutputs(v, pulumi.Map{"uri": v.URI})
}

func (v *Vault) declaration() *keyvault.VaultArgs {
	args := v.args
	properties := &keyvault.VaultPropertiesArgs{
		TenantId:                v.who.TenantId(),
		Sku:                     &keyvault.SkuArgs{Family: keyvault.SkuFamilyA, Name: keyvault.SkuNameStandard},
		EnableRbacAuthorization: pulumi.Bool(true), AccessPolicies: keyvault.AccessPolicyEntryArray{},
		EnableSoftDelete: pulumi.Bool(true), SoftDeleteRetentionInDays: pulumi.Int(retention),
		// These rules are for reading. Pulumi writes secrets through Azure's
		// management, which they don't concern.
		NetworkAcls: &keyvault.NetworkRuleSetArgs{
			DefaultAction:       keyvault.NetworkRuleActionDeny,
			Bypass:              keyvault.NetworkRuleBypassOptionsNone,
			VirtualNetworkRules: keyvault.VirtualNetworkRuleArray{&keyvault.VirtualNetworkRuleArgs{Id: args.Subnet}},
		},
	}
	if args.Protect {
		properties.EnablePurgeProtection = pulumi.Bool(true)
	}
	return &keyvault.VaultArgs{
		ResourceGroupName: args.Group,
		Location:          pulumi.String(args.Location),
		Properties:        properties,
		Tags:              args.tags("jenkins"),
	}
}

// vaultPrefix is what a vault's name begins with: all of it is 3 to 24 letters,
// digits and single hyphens, the last eight of them Pulumi's.
func vaultPrefix(prefix string) string {
	for strings.Contains(prefix, "--") {
		prefix = strings.ReplaceAll(prefix, "--", "-")
	}
	return strings.TrimSuffix(prefix[:min(len(prefix), 15)], "-") + "-"
}

// Keep declares one of the vault's secrets. They are written one after the
// other: Azure refuses those that meet (409, ConflictError).
func (v *Vault) Keep(ctx *pulumi.Context, secret string, value pulumi.StringInput) error {
	var after []pulumi.Resource
	if v.last != nil {
		after = append(after, v.last)
	}
	made, err := keyvault.NewSecret(ctx, v.args.name("secret-"+strings.ToLower(secret)), &keyvault.SecretArgs{
		ResourceGroupName: v.args.Group,
		VaultName:         v.vault.Name,
		SecretName:        pulumi.String(secret),
		Properties:        &keyvault.SecretPropertiesArgs{Value: value.ToStringOutput().ToStringPtrOutput(), ContentType: pulumi.String("text/plain")},
		// Azure deletes a secret on the vault's own side only, which does not
		// let Pulumi in. They go with the vault.
	}, options(v, pulumi.RetainOnDelete(true), pulumi.DependsOn(after))...)
	if err != nil {
		return fmt.Errorf("declare secret %s: %w", secret, err)
	}
	v.last = made
	return nil
}

// Admit lets a machine's own identity read the vault's secrets.
func (v *Vault) Admit(ctx *pulumi.Context, m *Machine) error {
	principal := m.vm.Identity.PrincipalId().Elem()
	name := pulumi.All(v.vault.ID(), principal).ApplyT(func(known []any) string {
		return guid(fmt.Sprint(known...))
	}).(pulumi.StringOutput)
	_, err := authorization.NewRoleAssignment(ctx, v.args.name("jenkins-reads-secrets"), &authorization.RoleAssignmentArgs{
		RoleAssignmentName: name,
		Scope:              v.vault.ID(),
		RoleDefinitionId:   pulumi.Sprintf("/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s", v.who.SubscriptionId(), vaultReader),
		PrincipalId:        principal,
		// Said, because a new identity can't be looked up for a while.
		PrincipalType: pulumi.String(authorization.PrincipalTypeServicePrincipal),
		Description:   pulumi.String("Jenkins's machine reads its secrets"),
	}, options(v)...)
	if err != nil {
		return fmt.Errorf("declare role assignment: %w", err)
	}
	return nil
}

// guid has the form that Azure asks of a role assignment's name, and is the
// same for the same text.
func guid(text string) string {
	sum := sha256.Sum256([]byte(text))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // RFC 9562: version 8, variant 10
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
