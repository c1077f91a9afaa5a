package stackfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vault is a Vault of a map that keeps what it was asked for.
type vault struct {
	values map[string]string
	asked  []string
	err    error
}

func (v *vault) Find(_ context.Context, names []string) (map[string]string, error) {
	v.asked = append(v.asked, names...)
	found := map[string]string{}
	for _, name := range names {
		if v.values[name] != "" {
			found[name] = v.values[name]
		}
	}
	return found, v.err
}

func (*vault) Missing(variable string) string { return "nor is " + variable + " in the vault" }

// loadWith loads compose files, later ones over earlier ones.
func loadWith(t *testing.T, opts Options, texts ...string) (Stack, error) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		path := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		opts.Files = append(opts.Files, path)
	}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	opts.Name = "shop"
	return Load(context.Background(), opts)
}

const withVariables = `
services:
  web: {image: nginx, secrets: [db], configs: [site]}
secrets:
  db: {environment: DB_PASSWORD, labels: {tier: data}}
configs:
  site: {environment: SITE, template_driver: golang}
`

// contents are the secrets and configs by their names without the hash.
func contents(s Stack) string {
	var all []string
	for _, c := range s.Configs {
		all = append(all, c.Name[:strings.LastIndex(c.Name, "-")]+"="+string(c.Data))
	}
	for _, c := range s.Secrets {
		all = append(all, c.Name[:strings.LastIndex(c.Name, "-")]+"="+string(c.Data))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestSecretsAndConfigsComeFromTheEnvironment(t *testing.T) {
	v := &vault{}
	stack, err := loadWith(t, Options{Vault: v, Environment: map[string]string{"DB_PASSWORD": "hunter2", "SITE": "a"}}, withVariables)
	if err != nil || contents(stack) != "shop_db=hunter2 shop_site=a" {
		t.Fatalf("got %s, %v", contents(stack), err)
	}
	if len(v.asked) > 0 {
		t.Errorf("the vault was asked for %q, which the environment has", v.asked)
	}
	if l := stack.Secrets[0].Labels; l["tier"] != "data" || l["com.docker.stack.namespace"] != "shop" {
		t.Errorf("the secret's labels are %v", l)
	}
	if d := stack.Configs[0].Templating; d == nil || d.Name != "golang" {
		t.Errorf("the config's template driver is %v", d)
	}
	container := stack.Services["shop_web"].TaskTemplate.ContainerSpec
	if container.Secrets[0].SecretName != stack.Secrets[0].Name || container.Configs[0].ConfigName != stack.Configs[0].Name {
		t.Errorf("the service names %s and %s, created are %s and %s", container.Secrets[0].SecretName, container.Configs[0].ConfigName, stack.Secrets[0].Name, stack.Configs[0].Name)
	}
	if container.Secrets[0].File.Name != "db" {
		t.Errorf("the secret's file is %s", container.Secrets[0].File.Name)
	}
}

// As docker compose has it, and because a name says what content it is of.
func TestAVariableAndAFileOfTheSameContentAreTheSameSecret(t *testing.T) {
	text := "services: {web: {image: nginx, secrets: [db]}}\nsecrets: {db: {%s}}"
	file, err1 := loadWith(t, Options{}, fmt.Sprintf(text, "file: ./key"))
	variable, err2 := loadWith(t, Options{Environment: map[string]string{"KEY": "from a file"}}, fmt.Sprintf(text, "environment: KEY"))
	other, err3 := loadWith(t, Options{Environment: map[string]string{"KEY": "other"}}, fmt.Sprintf(text, "environment: KEY"))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if file.Secrets[0].Name != variable.Secrets[0].Name || variable.Secrets[0].Name == other.Secrets[0].Name {
		t.Errorf("got %s, %s and %s; the first two should be equal, the third not", file.Secrets[0].Name, variable.Secrets[0].Name, other.Secrets[0].Name)
	}
}

func TestTheVaultIsAskedForWhatTheEnvironmentLacksOnly(t *testing.T) {
	v := &vault{values: map[string]string{"DB_PASSWORD": "from the vault", "SITE": "from the vault"}}
	stack, err := loadWith(t, Options{Vault: v, Environment: map[string]string{"SITE": "mine", "DB_PASSWORD": ""}}, withVariables)
	if err != nil || contents(stack) != "shop_db=from the vault shop_site=mine" || !slices.Equal(v.asked, []string{"DB_PASSWORD"}) {
		t.Errorf("got %s, %v; the vault was asked for %q", contents(stack), err, v.asked)
	}
}

// What is interpolated ends in specs that everybody can read.
func TestTheVaultIsNotForInterpolation(t *testing.T) {
	v := &vault{values: map[string]string{"TAG": "7"}}
	stack, err := loadWith(t, Options{Vault: v}, "services: {web: {image: 'nginx:${TAG:-1}'}}")
	if err != nil || len(v.asked) > 0 || stack.Services["shop_web"].TaskTemplate.ContainerSpec.Image != "nginx:1" {
		t.Errorf("got %+v, %v; the vault was asked for %q", stack.Services, err, v.asked)
	}
}

func TestVariablesThatAreNowhereAreAllNamed(t *testing.T) {
	for want, v := range map[string]Vault{
		"configs.site.environment: SITE is not set\nsecrets.db.environment: DB_PASSWORD is not set":                                                            nil,
		"configs.site.environment: SITE is not set; nor is SITE in the vault\nsecrets.db.environment: DB_PASSWORD is not set; nor is DB_PASSWORD in the vault": &vault{},
	} {
		_, err := loadWith(t, Options{Vault: v}, withVariables)
		var invalid *InvalidError
		if !errors.As(err, &invalid) || strings.Join(invalid.Faults, "\n") != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	broken := errors.New("no such stack")
	if _, err := loadWith(t, Options{Vault: &vault{err: broken}}, withVariables); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestWhoWantsNoContentAsksForNone(t *testing.T) {
	v := &vault{}
	stack, err := loadWith(t, Options{Vault: v, NoContent: true}, withVariables)
	if err != nil || len(v.asked) > 0 || stack.Name != "shop" || stack.Secrets[0].Name != "shop_db" || len(stack.Secrets[0].Data) > 0 {
		t.Errorf("got %+v, %v; the vault was asked for %q", stack, err, v.asked)
	}
}

func TestALaterFileSaysAnewWhereTheContentComesFrom(t *testing.T) {
	const service = "services: {web: {image: nginx, secrets: [db]}}\n"
	opts := Options{Environment: map[string]string{"A": "of a", "B": "of b"}}
	for want, texts := range map[string][]string{
		"shop_db=of b":        {service + "secrets: {db: {environment: A}}", "secrets: {db: {environment: B}}"},
		"shop_db=of a":        {service + "secrets: {db: {file: ./key}}", "secrets: {db: {environment: A}}"},
		"shop_db=from a file": {service + "secrets: {db: {environment: A}}", "secrets: {db: {file: ./key}}"},
	} {
		stack, err := loadWith(t, opts, texts...)
		if err != nil || contents(stack) != want {
			t.Errorf("%q: got %s, %v; want %s", texts, contents(stack), err, want)
		}
	}
	stack, err := loadWith(t, opts, service+"secrets: {db: {environment: A}}", "secrets: {db: {external: true}}")
	if err != nil || len(stack.Secrets) > 0 {
		t.Errorf("an external secret: got %+v, %v", stack.Secrets, err)
	}
}

func TestAVariableThatCanNotBeMeantIsAFault(t *testing.T) {
	for entry, want := range map[string]string{
		"{environment: A, file: ./key}":     "secrets.db.environment: stands beside file; only one says",
		"{environment: A, external: true}":  "secrets.db.environment: stands beside external",
		"{environment: A, driver: vault}":   "secrets.db.environment: stands beside driver",
		"{environment: 'a b'}":              "must be a variable's name",
		"{environment: 'A=1'}":              "must be a variable's name",
		"{environment: [A]}":                "must be a variable's name",
		"{environment: }":                   "must be a variable's name",
		"{enviroment: A}":                   "enviroment",
		"{}":                                "secrets.db.file: is missing or a folder; name a file or, with environment, a variable",
		"{environment: A, environments: B}": "environments",
	} {
		_, err := loadWith(t, Options{Environment: map[string]string{"A": "a"}}, "services: {web: {image: nginx, secrets: [db]}}\nsecrets: {db: "+entry+"}")
		var invalid *InvalidError
		if !errors.As(err, &invalid) || len(invalid.Faults) != 1 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", entry, err, want)
		}
	}
}
