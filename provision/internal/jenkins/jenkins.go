// Package jenkins is a Jenkins as code: the plug-ins, each with its version, the
// configuration and the job with its webhook, rendered from typed settings. A
// machine that starts with these files needs no clicking, and holds no secret
// that is not in a file of its own.
package jenkins

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
)

//go:embed plugins.txt jenkins.yaml job.groovy
var files embed.FS

// The files that Render makes.
const (
	// PluginsFile is for jenkins-plugin-cli --plugin-file.
	PluginsFile = "plugins.txt"
	// ConfigurationFile is for the environment variable CASC_JENKINS_CONFIG.
	ConfigurationFile = "jenkins.yaml"
)

// Variable is a variable of every build's environment; see docs/pipeline.md.
type Variable struct{ Key, Value string }

// Environment are the settings that the Jenkinsfile reads.
func (s Settings) Environment() []Variable {
	return []Variable{
		{"REGISTRY", s.Registry},
		{"NOTIFY_MAIL", s.NotifyMail},
		{"NOTIFY_WEBHOOK", fmt.Sprint(s.NotifyWebhook)},
	}
}

// RepositoryURL is the address that the repository is cloned from.
func (s Settings) RepositoryURL() string {
	return fmt.Sprintf("https://github.com/%s/%s", s.Owner, s.Repository)
}

// Secrets are the names of the files that Jenkins reads its secrets from.
func (s Settings) Secrets() []string {
	names := []string{"JENKINS_ADMIN_PASSWORD", "AGENT_SSH_KEY", "GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN", "SWARM_SSH_KEY", "SWARM_INVENTORY"}
	for _, user := range s.Users {
		names = append(names, "JENKINS_PASSWORD_"+variable(user))
	}
	if s.Registry != "" {
		names = append(names, "REGISTRY_PASSWORD")
	}
	if s.NotifyWebhook {
		names = append(names, "NOTIFY_WEBHOOK_URL")
	}
	return names
}

// Credentials are the IDs that a Jenkinsfile may ask for.
func (s Settings) Credentials() []string {
	ids := []string{"swarm-ssh-key", "swarm-inventory"}
	if s.Registry != "" {
		ids = append(ids, "registry")
	}
	if s.NotifyWebhook {
		ids = append(ids, "notify-webhook")
	}
	return ids
}

// Render returns the files by name. Its error lists every fault of the settings.
func Render(s Settings) (map[string][]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	plugins, err := files.ReadFile(PluginsFile)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", PluginsFile, err)
	}
	job, err := execute("job.groovy", s)
	if err != nil {
		return nil, err
	}
	configuration, err := execute(ConfigurationFile, struct {
		Settings
		Job string
	}{s, string(job)})
	if err != nil {
		return nil, err
	}
	return map[string][]byte{PluginsFile: plugins, ConfigurationFile: configuration}, nil
}

func execute(name string, data any) ([]byte, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"quote": quote, "variable": variable}).ParseFS(files, name)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// quote writes a string as YAML and Groovy both read it. Validate has kept out
// what either would interpolate.
func quote(text string) (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(text)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// variable is a user's name as part of a variable's.
func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
}
