package stack

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/azure"
	"github.com/ycesproject/yces/provision/internal/cloudinit"
	"github.com/ycesproject/yces/provision/internal/jenkins"
	"github.com/ycesproject/yces/provision/internal/settings"
)

// jenkinsInit returns what writes the build machine's document.
func jenkinsInit(s settings.Settings) func(address, vault string) (string, error) {
	return func(address, vault string) (string, error) {
		j := s.Jenkins
		build := cloudinit.Build{KeyFingerprint: j.KeyFingerprint, Version: j.Version}
		if j.Site == nil {
			return cloudinit.Jenkins(build)
		}
		site := *j.Site
		site.URL = s.JenkinsURL(address)
		var err error
		if build.Files, err = jenkins.Render(site); err != nil {
			return "", err
		}
		build.PluginManagerURL, build.PluginManagerSHA256 = j.PluginManagerURL, j.PluginManagerSHA256
		build.Vault, build.Secrets = strings.TrimSuffix(vault, "/"), site.Secrets()
		return cloudinit.Jenkins(build)
	}
}

// jenkinsSecrets are those that the operator gave, as they lie in the vault and
// secret in Pulumi's state too; nil where there is no site that needs any.
func jenkinsSecrets(j settings.Jenkins) map[string]pulumi.StringInput {
	if j.Site == nil {
		return nil
	}
	secrets := map[string]pulumi.StringInput{}
	for name, value := range jenkins.InVault(j.Secrets) {
		secrets[name] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
	}
	return secrets
}

// giveInventory puts the stack's inventory among Jenkins's secrets, so that a
// build knows the machines that there are.
func giveInventory(ctx *pulumi.Context, cluster *azure.Cluster, inventory pulumi.Output) error {
	if cluster.Vault == nil {
		return nil
	}
	text := inventory.ApplyT(func(known any) (string, error) {
		document, err := json.Marshal(known)
		if err != nil {
			return "", fmt.Errorf("write inventory: %w", err)
		}
		return string(document), jenkins.InventoryFits(document)
	}).(pulumi.StringOutput)
	return cluster.Vault.Keep(ctx, jenkins.VaultInventory, text)
}
