//go:build integration

package harness

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// known are the credentials that the Jenkinsfile may name.
var known = map[string]credential{"swarm-ssh-key": {}, "swarm-inventory": {}, "registry": {}, "notify-webhook": {}}

// check returns what the harness says of each of the Jenkinsfiles.
func check(t *testing.T, texts ...string) []string {
	t.Helper()
	s := newSettings(t, "")
	s.Credentials = known
	dir := t.TempDir()
	for i, text := range texts {
		s.Check = append(s.Check, write(t, filepath.Join(dir, strconv.Itoa(i)), text))
	}
	o := harness(t, s, io.Discard)
	var said map[string][]string
	if err := json.Unmarshal([]byte(o.console), &said); err != nil {
		t.Fatalf("exit code %d: %v\n%s", o.code, err, o.console)
	}
	faults := make([]string, len(texts))
	for i, path := range s.Check {
		faults[i] = strings.Join(said[path], "\n")
	}
	return faults
}

func jenkinsfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "Jenkinsfile"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestJenkinsfileHasNoFault(t *testing.T) {
	if faults := check(t, jenkinsfile(t))[0]; faults != "" {
		t.Error(faults)
	}
}

func TestMutationsAreCaught(t *testing.T) {
	text := jenkinsfile(t)
	mutations := []struct{ name, old, new, want string }{
		{"misspelt section", "    options {\n        timestamps()", "    optoins {\n        timestamps()", "pipeline has no `optoins`"},
		{"misspelt section of a stage", "            when {\n", "            wenn {\n", "stage has no `wenn`"},
		{"misspelt option", "disableConcurrentBuilds()", "disableConcurentBuilds()", "options has no `disableConcurentBuilds`"},
		{"misspelt step", "junit 'out", "juint 'out", "there is no step `juint`"},
		{"misspelt step in code", "unstable 'known", "unstabel 'known", "there is no step `unstabel`"},
		{"misspelt argument of a step", "allowEmptyArchive: true", "allowEmtpyArchive: true", "archiveArtifacts takes no argument `allowEmtpyArchive`"},
		{"misspelt condition", "fixed { tell", "fixt { tell", "post has no `fixt`"},
		{"unknown credential", "'swarm-ssh-key'", "'swarm-ssh'", "there is no credential `swarm-ssh`"},
		{"missing stage", "stage('Test')", "stage('Tests')", "there is no stage `Test`"},
		{"stages in another order", "stage('Check')", "stage('Plan')", "there is no stage `Check`"},
		{"double-quoted script", `sh '.ci/swarm push --images out/images.json'`, `sh "docker login -p ${REGISTRY_PASSWORD}"`, "interpolates the secret REGISTRY_PASSWORD"},
		{"double-quoted secret elsewhere", "subject: subject", `subject: "${env.WEBHOOK_URL}"`, "interpolates the secret WEBHOOK_URL"},
		{"missing lock", "                lock(resource: 'yces-swarm')\n", "", "stage `Deploy` holds no lock"},
		{"no timeout", "        timeout(time: 2, unit: 'HOURS')\n", "", "the pipeline's options lack `timeout`"},
		{"no timeout for the swarm", "                timeout(time: 60, unit: 'MINUTES')\n", "", "stage `Deploy` has no timeout"},
		{"deploy of any branch", "                branch 'main'\n", "                expression { true }\n", "stage `Deploy` is not for the branch main alone"},
		{"secret for every stage", `PUSH_TO = "${`, `KEY = credentials('registry')` + "\n" + `        PUSH_TO = "${`, "there is no `credentials`"},
		{"code among steps", "                sh 'git clean -ffdxq && mkdir -p out'", "                if (true) { sh 'mkdir -p out' }", "steps holds something that is not a step"},
		{"no word after a failure", "        failure { tell 'failed' }\n", "", "nothing happens after the pipeline under `failure`"},
		{"unbalanced braces", "pipeline {", "pipeline {{", "Jenkinsfile:"},
	}
	var texts []string
	for _, m := range mutations {
		if !strings.Contains(text, m.old) {
			t.Fatalf("%s: the Jenkinsfile has no %q", m.name, m.old)
		}
		texts = append(texts, strings.Replace(text, m.old, m.new, 1))
	}
	for i, said := range check(t, texts...) {
		if want := mutations[i].want; !strings.Contains(said, want) {
			t.Errorf("%s: no word of %q:\n%s", mutations[i].name, want, said)
		}
	}
}

func TestEveryFaultIsListed(t *testing.T) {
	text := strings.NewReplacer("junit 'out", "juint 'out", "'swarm-ssh-key'", "'swarm-ssh'").Replace(jenkinsfile(t))
	said := check(t, text)[0]
	for _, want := range []string{"juint", "swarm-ssh"} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing is said of %s:\n%s", want, said)
		}
	}
}
