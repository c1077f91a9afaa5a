package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"sigs.k8s.io/yaml"

	"github.com/ycesproject/yces/provision/internal/cloudmodel"
	"github.com/ycesproject/yces/provision/internal/settings"
	"github.com/ycesproject/yces/provision/inventory"
)

const exampleSite = `{"admin": "ann", "users": ["bob"], "owner": "ycesproject", "repository": "yces", "gitHubUser": "yces-bot", "agentUser": "agent",
	"agents": [{"name": "agent-1", "host": "192.0.2.9", "port": 22, "hostKey": "` + publicKey + `", "folder": "/var/lib/agent", "executors": 2}],
	"notifyMail": "ops@example.org", "smtpHost": "smtp.example", "smtpPort": 587}`

// exampleSecrets are what exampleSite needs.
func exampleSecrets(t *testing.T) map[string]string {
	t.Helper()
	key, _ := cloudmodel.NewKey()
	return map[string]string{
		"JENKINS_ADMIN_PASSWORD": "plain-1", "JENKINS_PASSWORD_BOB": "plain-2", "GITHUB_WEBHOOK_SECRET": "plain-3", "GITHUB_TOKEN": "plain-4",
		"AGENT_SSH_KEY": key, "SWARM_SSH_KEY": strings.TrimSpace(key),
	}
}

// withSite is a stack whose Jenkins has a site.
func withSite(t *testing.T, values settings.Values, pairs ...string) settings.Values {
	t.Helper()
	secrets, err := json.Marshal(exampleSecrets(t))
	if err != nil {
		t.Fatal(err)
	}
	pairs = append([]string{"jenkinsSite", exampleSite, "jenkinsSecrets", string(secrets), "jenkinsPluginManagerSha256", strings.Repeat("ab", 32)}, pairs...)
	return with(values, pairs...)
}

// one is the only resource of a type.
func (r *recorder) one(t *testing.T, token string) declared {
	t.Helper()
	list := r.of(token)
	if len(list) != 1 {
		t.Fatalf("%d resources of type %s", len(list), token)
	}
	return list[0]
}

// jenkinsFiles are what its cloud-init document writes, by path.
func jenkinsFiles(t *testing.T, r *recorder) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, vm := range r.of("azure-native:compute:VirtualMachine") {
		if !strings.HasSuffix(vm.name, "-jenkins") {
			continue
		}
		text, err := base64.StdEncoding.DecodeString(at(vm.inputs, "osProfile", "customData").(string))
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		for _, f := range list(doc["write_files"]) {
			files[at(f, "path").(string)] = at(f, "content").(string)
		}
	}
	return files
}

func TestWithoutASiteThereIsNoVaultAndNoRole(t *testing.T) {
	r, _ := run(t, dev(t))
	for _, token := range []string{"azure-native:keyvault:Vault", "azure-native:keyvault:Secret", "azure-native:authorization:RoleAssignment"} {
		if n := len(r.of(token)); n > 0 {
			t.Errorf("%d of type %s", n, token)
		}
	}
	if files := jenkinsFiles(t, r); files["/etc/jenkins/jenkins.yaml"] != "" || files["/usr/local/sbin/yces-jenkins"] == "" {
		t.Error("Jenkins without a site is told to start, or not installed")
	}
}

// inVault is what the program puts into the vault, by its names there.
func (r *recorder) inVault(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, d := range r.of("azure-native:keyvault:Secret") {
		name := d.inputs["secretName"].(string)
		value := at(d.inputs, "properties", "value")
		if hidden, ok := value.(*resource.Secret); ok {
			value = hidden.Element.V
		}
		texts[name] = value.(string)
		if d.secret != (name != "SWARM-INVENTORY") || !d.retained {
			t.Errorf("%s is secret to Pulumi: %t, and is retained: %t", name, d.secret, d.retained)
		}
	}
	return texts
}

func TestEverySecretIsKeptInTheVault(t *testing.T) {
	r, outputs := run(t, withSite(t, dev(t)))
	want := exampleSecrets(t)
	texts := r.inVault(t)
	var got map[string]string
	if err := json.Unmarshal([]byte(texts["JENKINS-SECRETS"]), &got); err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if value := got[name]; value == "" || strings.HasSuffix(name, "_KEY") && !strings.HasSuffix(value, "-----\n") {
			t.Errorf("%s is %q", name, value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d secrets, want %d", len(got), len(want))
	}
	inv, err := inventory.Parse([]byte(texts["SWARM-INVENTORY"]))
	if published := parse(t, outputs); err != nil || fmt.Sprint(inv) != fmt.Sprint(published) {
		t.Errorf("Jenkins gets the inventory %v, %v; the stack's is %v", inv, err, published)
	}
}

// A vault does not give a name again, and tells nobody here what it has: it gets
// the same names whatever the settings are.
func TestTheVaultsNamesAreTheSameWithACertificateAndWithout(t *testing.T) {
	secrets := exampleSecrets(t)
	secrets["JENKINS_TLS_CERTIFICATE"], secrets["JENKINS_TLS_KEY"] = pair(t)
	document, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	without, _ := run(t, withSite(t, dev(t), "jenkinsDnsLabel", "our-ci"))
	with, _ := run(t, withSite(t, dev(t), "jenkinsDnsLabel", "our-ci", "jenkinsSecrets", string(document)))
	names := []string{"JENKINS-SECRETS", "JENKINS-TLS", "SWARM-INVENTORY"}
	for _, r := range []*recorder{without, with} {
		if got := slices.Sorted(maps.Keys(r.inVault(t))); !slices.Equal(got, names) {
			t.Errorf("the vault has %q, want %q", got, names)
		}
	}
	if none := without.inVault(t)["JENKINS-TLS"]; none != "{}" {
		t.Errorf("without a certificate there is %s", none)
	}
	var tls map[string]string
	if err := json.Unmarshal([]byte(with.inVault(t)["JENKINS-TLS"]), &tls); err != nil || tls["JENKINS_TLS_KEY"] != secrets["JENKINS_TLS_KEY"] || len(tls) != 2 {
		t.Errorf("the certificate is %v, %v", tls, err)
	}
	if a, b := jenkinsFiles(t, without), jenkinsFiles(t, with); !maps.Equal(a, b) {
		t.Error("a machine without a certificate starts otherwise than one with it, and would never look for one")
	}
}

func TestSecretsAreWrittenOneAfterTheOther(t *testing.T) {
	r, _ := run(t, withSite(t, dev(t)))
	var before string
	for _, d := range r.of("azure-native:keyvault:Secret") {
		if before != "" && !slices.ContainsFunc(d.needs, func(urn string) bool { return strings.HasSuffix(urn, "::"+before) }) {
			t.Errorf("%s does not wait for %s, but for %q", d.name, before, d.needs)
		}
		before = d.name
	}
}

func TestNoSecretIsInWhatTheMachineStartsWith(t *testing.T) {
	r, outputs := run(t, withSite(t, dev(t)))
	text := fmt.Sprint(jenkinsFiles(t, r), outputs)
	for name, value := range exampleSecrets(t) {
		if strings.HasPrefix(value, "plain-") && strings.Contains(text, value) {
			t.Errorf("%s is in the user-data or the outputs", name)
		}
	}
	if strings.Contains(text, "PRIVATE KEY-----") {
		t.Error("a private key is in the user-data or the outputs")
	}
}

func TestTheVaultIsReadByJenkinssSubnetOnly(t *testing.T) {
	r, _ := run(t, withSite(t, dev(t)))
	acls := at(r.one(t, "azure-native:keyvault:Vault").inputs, "properties", "networkAcls")
	if at(acls, "defaultAction") != "Deny" || at(acls, "bypass") != "None" || at(acls, "ipRules") != nil || len(list(at(acls, "virtualNetworkRules"))) != 1 {
		t.Errorf("the vault lets in %v", acls)
	}
	if id := fmt.Sprint(at(acls, "virtualNetworkRules", 0, "id")); !strings.HasSuffix(id, "/subnets/jenkins") {
		t.Errorf("the vault lets in %s", id)
	}
	for _, subnet := range list(r.one(t, "azure-native:network:VirtualNetwork").inputs["subnets"]) {
		if has := at(subnet, "serviceEndpoints", 0, "service") == "Microsoft.KeyVault"; has != (at(subnet, "name") == "jenkins") {
			t.Errorf("subnet %v has a way to vaults: %t", at(subnet, "name"), has)
		}
	}
}

func TestTheMachineItselfReadsSecretsAndNothingElse(t *testing.T) {
	r, _ := run(t, withSite(t, dev(t)))
	role, vault := r.one(t, "azure-native:authorization:RoleAssignment"), r.one(t, "azure-native:keyvault:Vault")
	if role.inputs["scope"] != identifier(vault.token, vault.name) {
		t.Errorf("the role is for %v, not for the vault alone", role.inputs["scope"])
	}
	if role.inputs["principalId"] != "principal of yces-dev-jenkins" || role.inputs["principalType"] != "ServicePrincipal" {
		t.Errorf("the role is %v's", role.inputs["principalId"])
	}
	if id := fmt.Sprint(role.inputs["roleDefinitionId"]); !strings.HasSuffix(id, "/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6") {
		t.Errorf("the role is %s, not Key Vault Secrets User", id)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(fmt.Sprint(role.inputs["roleAssignmentName"])) {
		t.Errorf("the assignment's name is %v, which is no GUID", role.inputs["roleAssignmentName"])
	}
	if at(vault.inputs, "properties", "enableRbacAuthorization") != true || at(vault.inputs, "properties", "tenantId") != "tenant" {
		t.Errorf("the vault is %v", vault.inputs["properties"])
	}
}

func TestAVaultCanBePurgedUnlessTheStackIsProtected(t *testing.T) {
	for values, want := range map[*settings.Values]any{ptr(withSite(t, dev(t))): nil, ptr(withSite(t, prod(t))): true} {
		r, _ := run(t, *values)
		properties := r.one(t, "azure-native:keyvault:Vault").inputs["properties"]
		if got := at(properties, "enablePurgeProtection"); got != want || at(properties, "softDeleteRetentionInDays") != 7.0 {
			t.Errorf("purge protection is %v, want %v, for %v days", got, want, at(properties, "softDeleteRetentionInDays"))
		}
	}
}

func ptr[T any](v T) *T { return &v }

// The provider completes the name anew for each vault that it makes.
func TestVaultNamesAreAzuresAndTheProviders(t *testing.T) {
	for _, name := range []string{"yces-dev", "y", "a-very-long-name-of-a-stack-of-machines", "twelve-chars-x-y", "a---b"} {
		r, _ := run(t, withSite(t, with(dev(t), "name", name)))
		vault := r.one(t, "azure-native:keyvault:Vault")
		if fixed, is := vault.inputs["vaultName"]; is {
			t.Errorf("the vault is always named %v", fixed)
		}
		got := vault.name + vaultDigits
		if !regexp.MustCompile(`^[a-z][a-z0-9-]{1,22}[a-z0-9]$`).MatchString(got) || strings.Contains(got, "--") {
			t.Errorf("%s has the vault %s", name, got)
		}
	}
}

func TestJenkinsKnowsItsOwnAddress(t *testing.T) {
	for want, pairs := range map[string][]string{
		"https://198.51.100.":                           nil,
		"https://our-ci.westeurope.cloudapp.azure.com/": {"jenkinsDnsLabel", "our-ci"},
		"https://jenkins.example.com/":                  {"jenkinsDnsLabel", "our-ci", "jenkinsSite", strings.Replace(exampleSite, "{", `{"url": "https://jenkins.example.com/", `, 1)},
	} {
		r, outputs := run(t, withSite(t, dev(t), pairs...))
		configured := jenkinsFiles(t, r)["/etc/jenkins/jenkins.yaml"]
		if got := fmt.Sprint(outputs["jenkinsUrl"]); !strings.HasPrefix(got, want) || !strings.Contains(configured, fmt.Sprintf("url: %q", got)) {
			t.Errorf("%v: jenkinsUrl is %s, and Jenkins thinks\n%s", pairs, got, configured)
		}
	}
}

func TestTheMachineIsToldItsVaultAndTheSecretsThere(t *testing.T) {
	r, _ := run(t, withSite(t, dev(t)))
	files := jenkinsFiles(t, r)
	vault := r.one(t, "azure-native:keyvault:Vault").name + vaultDigits
	if !strings.Contains(files["/etc/jenkins/machine.conf"], "VAULT=https://"+vault+".vault.azure.net\n") {
		t.Errorf("machine.conf: %s", files["/etc/jenkins/machine.conf"])
	}
	texts := r.inVault(t)
	for _, name := range strings.Fields(files["/etc/jenkins/secrets.list"]) {
		if name != "SWARM_INVENTORY" && !strings.Contains(texts["JENKINS-SECRETS"], `"`+name+`":`) {
			t.Errorf("the machine looks for %s, which the vault does not have", name)
		}
	}
	for name := range texts {
		if !strings.Contains(files["/usr/local/sbin/yces-jenkins-secrets"], name) {
			t.Errorf("the machine never looks for the vault's %s", name)
		}
	}
}

// The example's site stands in a comment, because its secrets can't be in a file.
func TestTheProductionExamplesSiteIsSound(t *testing.T) {
	text, err := os.ReadFile("../../../Pulumi.prod.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	uncommented := regexp.MustCompile(`(?m)^  #: `).ReplaceAllString(string(text), "  ")
	var file struct {
		Config map[string]any `json:"config"`
	}
	if err := yaml.UnmarshalStrict([]byte(uncommented), &file); err != nil {
		t.Fatal(err)
	}
	values := withSite(t, prod(t))
	for _, key := range []string{"jenkinsSite", "jenkinsPluginManagerSha256"} {
		value := file.Config["yces:"+key]
		document, err := json.Marshal(value)
		if err != nil || value == nil {
			t.Fatalf("the example has no %s: %v", key, err)
		}
		values["yces:"+key] = strings.Trim(string(document), `"`)
	}
	secrets := exampleSecrets(t)
	secrets["REGISTRY_PASSWORD"], secrets["NOTIFY_WEBHOOK_URL"] = "plain-5", "plain-6"
	document, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	run(t, with(values, "jenkinsSecrets", string(document)))
}

// pair is a certificate of its own with its key, PEM.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return block("CERTIFICATE", der), block("EC PRIVATE KEY", keyDER)
}
