//go:build integration

package harness

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// execute runs a pipeline that holds these sections.
func execute(t *testing.T, sections string, edit func(*settings)) outcome {
	t.Helper()
	s := newSettings(t, write(t, filepath.Join(t.TempDir(), "Jenkinsfile"), "pipeline {\n    agent any\n"+sections+"\n}\n"))
	s.AnyStages = true
	if edit != nil {
		edit(&s)
	}
	return harness(t, s, io.Discard)
}

// stage is a stage of these steps.
func stage(name, content string) string {
	return "stage('" + name + "') {\n" + content + "\n}\n"
}

func TestStagesRunUntilOneFails(t *testing.T) {
	t.Parallel()
	o := execute(t, `stages {
        stage('One') { steps { sh 'echo one; false; echo never' }; post { failure { echo 'one failed' }; success { echo 'one went well' } } }
        stage('Two') { steps { echo 'two' } }
    }
    post {
        cleanup { echo 'last' }
        fixed { echo 'fixed' }
        regression { echo 'regression' }
        unsuccessful { echo 'unsuccessful' }
        failure { echo 'failure' }
        always { echo 'always' }
    }`, func(s *settings) { s.Previous = "SUCCESS" })
	o.expect(t, "FAILURE", map[string]string{"One": "failed", "Two": "skipped"})
	o.says(t, "script returned exit code 1", "one failed")
	o.inOrder(t, "always", "regression", "failure", "unsuccessful", "last")
	o.silent(t, "never\n", "two\n", "one went well", "fixed\n")
}

func TestConditionsDecide(t *testing.T) {
	t.Parallel()
	o := execute(t, `parameters { string(name: 'WHO', defaultValue: 'ann') }
    environment { PLACE = "${params.WHO}'s" }
    stages {
        stage('Main') { when { branch 'main' }; steps { echo 'main' } }
        stage('Change') { when { changeRequest() }; steps { sh 'echo "$CHANGE_ID $PLACE"' } }
        stage('Not') { when { not { branch 'main' } }; steps { echo 'not main' } }
        stage('Any') { when { anyOf { branch 'main'; expression { params.WHO == 'bob' } } }; steps { echo 'any' } }
        stage('All') { when { allOf { changeRequest(); environment name: 'PLACE', value: 'ann' } }; steps { echo 'all' } }
        stage('Outer') { when { beforeOptions true; branch 'main' }; options { lock(resource: 'never') }; stages { stage('Inner') { steps { echo 'inner' } } } }
    }`, func(s *settings) { s.SCM.Branch, s.SCM.Change, s.Params["WHO"] = "PR-7", "7", "bob" })
	o.expect(t, "SUCCESS", map[string]string{"Main": "skipped", "Change": "success", "Not": "success", "Any": "success", "All": "skipped", "Outer": "skipped", "Inner": ""})
	o.says(t, "7 bob's")
	if len(o.Locks) > 0 {
		t.Errorf("locks %v were taken for a stage that does not run", o.Locks)
	}
}

func TestSecretsAreMaskedCountedAndRemoved(t *testing.T) {
	t.Parallel()
	o := execute(t, `stages { stage('Use') { steps {
        withCredentials([string(credentialsId: 'token', variable: 'TOKEN'), file(credentialsId: 'notes', variable: 'NOTES'),
            usernamePassword(credentialsId: 'login', usernameVariable: 'USER', passwordVariable: 'PASS'), sshUserPrivateKey(credentialsId: 'key', keyFileVariable: 'KEY')]) {
            sh 'echo "token $TOKEN"; cat "$NOTES"; stat -c %a "$KEY"; cat "$KEY"; echo "$USER:$PASS"'
        }
        sh 'echo "after: ${TOKEN-unset} ${KEY-unset}"; find "$WORKSPACE@tmp" -type f'
    } } }`, func(s *settings) {
		s.Credentials = map[string]credential{
			"token": {Kind: "string", Secret: "s3cr3t"}, "notes": {Kind: "file", Name: "n.txt", Content: "plain"},
			"login": {Kind: "usernamePassword", Username: "ann", Password: "hunter22"}, "key": {Kind: "sshUserPrivateKey", Key: "BEGIN\nmiddle-of-key\nEND\n"},
		}
	})
	o.expect(t, "SUCCESS", nil)
	o.says(t, "token ****", "plain", "400\n", "ann:****", "after: unset unset")
	o.silent(t, "s3cr3t", "hunter22", "middle-of-key", "secretFiles")
	// Of the key, the lines that are long enough to be one; with sh -x, once more each.
	if o.Leaks < 3 {
		t.Errorf("%d leaks were counted, want at least 3", o.Leaks)
	}
}

func TestUnknownCredentialFails(t *testing.T) {
	t.Parallel()
	o := execute(t, `stages { stage('Use') { steps { withCredentials([string(credentialsId: 'nobody', variable: 'TOKEN')]) { echo 'reached' } } } }`, nil)
	o.expect(t, "FAILURE", nil)
	o.says(t, "Could not find credentials entry with ID 'nobody'")
	o.silent(t, "reached")
}

func TestCredentialOfAnotherKindFails(t *testing.T) {
	t.Parallel()
	o := execute(t, `stages { stage('Use') { steps { withCredentials([string(credentialsId: 'notes', variable: 'TOKEN')]) { echo 'reached' } } } }`,
		func(s *settings) { s.Credentials["notes"] = credential{Kind: "file", Name: "n"} })
	o.expect(t, "FAILURE", nil)
	o.says(t, "is of type 'file' where 'string' was expected")
}

func TestTimeoutEndsEverythingThatWasStarted(t *testing.T) {
	t.Parallel()
	o := execute(t, `options { timeout(time: 2, unit: 'SECONDS') }
    stages { stage('Long') { steps { sh 'sleep 300 & echo $! > child; wait' } }; stage('Next') { steps { echo 'next' } } }
    post { aborted { echo 'was aborted' } }`, nil)
	o.expect(t, "ABORTED", map[string]string{"Long": "failed", "Next": "skipped"})
	o.says(t, "Timeout has been exceeded", "was aborted")
}

func TestLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipeline := `stages { stage('Alone') { options { lock(resource: 'one') }; steps {
        sh '#!/bin/sh -e\nmkdir "$MARK/alone"; sleep 2; rmdir "$MARK/alone"' } } }`
	edit := func(s *settings) {
		s.Locks = dir
		*s = s.with(map[string]string{"MARK": dir})
	}
	for _, who := range []string{"one build", "another"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			o := execute(t, pipeline, edit)
			o.expect(t, "SUCCESS", nil)
			o.inOrder(t, "Trying to acquire lock on [one]", "Lock acquired on [one]", "Lock released on resource [one]")
		})
	}
}

func TestResultsAreReadAndArtefactsKept(t *testing.T) {
	t.Parallel()
	o := execute(t, `stages { stage('Test') { steps {
        sh '''
            mkdir -p out/deep
            echo '<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><skipped/></testcase></testsuite></testsuites>' > out/tests.xml
            printf 'mode: set\na.go:1.1,2.2 3 1\na.go:3.1,4.2 1 0\n' > out/deep/coverage.out
        '''
        junit '**/tests.xml'
        recordCoverage tools: [[parser: 'GO_COV', pattern: 'out/**/coverage.out']]
    } }; stage('Goes on') { steps { echo 'unstable is not failed' } } }
    post { always { archiveArtifacts artifacts: 'out/**' }; unstable { echo 'shaky' } }`, nil)
	o.expect(t, "UNSTABLE", map[string]string{"Test": "unstable", "Goes on": "success"})
	if o.Tests == nil || o.Tests.Total != 3 || o.Tests.Failed != 1 || o.Tests.Skipped != 1 {
		t.Errorf("tests %+v", o.Tests)
	}
	if o.Coverage == nil || o.Coverage.Statements != 4 || o.Coverage.Covered != 3 {
		t.Errorf("coverage %+v", o.Coverage)
	}
	if _, err := os.Stat(filepath.Join(o.archive, "out", "deep", "coverage.out")); err != nil {
		t.Error(err)
	}
	o.says(t, "shaky")
}

func TestMissingResultsFail(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]string{
		"junit 'out/tests.xml'": "No test report files were found", "archiveArtifacts 'out/**'": "No artifacts found",
		"recordCoverage tools: [[parser: 'GO_COV', pattern: 'x']]": "No coverage files found",
	} {
		o := execute(t, "stages { "+stage("Look", "steps { "+step+" }")+" }", nil)
		o.expect(t, "FAILURE", nil)
		o.says(t, want)
	}
}

func TestCodeAndFunctionsRun(t *testing.T) {
	t.Parallel()
	o := execute(t, `stages { stage('Code') { steps {
        script {
            int code = sh(returnStatus: true, script: 'exit 7')
            env.SEEN = sh(returnStdout: true, script: 'echo word').trim() + code
            withEnv(["MORE=${env.SEEN}!"]) { sh 'echo "seen $SEEN $MORE"' }
            retry(3) { sh 'echo x >> tries; test "$(wc -l < tries)" -eq 3' }
            if (env.NOTHING == null) { unstable 'nothing is set' }
        }
        mail to: 'a@example.org', subject: "s ${env.SEEN}", body: 'b'
    } } }`, nil)
	o.expect(t, "UNSTABLE", nil)
	o.says(t, "seen word7 word7!", "WARNING: nothing is set")
	if len(o.Mails) != 1 || o.Mails[0].Subject != "s word7" {
		t.Errorf("mails %+v", o.Mails)
	}
}

func (o outcome) silent(t *testing.T, texts ...string) {
	t.Helper()
	for line := range strings.Lines(o.console) {
		// With -x, the shell says what it is about to do.
		if strings.HasPrefix(line, "+ ") {
			continue
		}
		for _, text := range texts {
			if strings.Contains(line, text) {
				t.Errorf("the console says %q:\n%s", text, o.console)
			}
		}
	}
}

func (o outcome) inOrder(t *testing.T, texts ...string) {
	t.Helper()
	rest := o.console
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text+"\n")
		if !found {
			t.Fatalf("%q is missing, or too early:\n%s", text, o.console)
		}
		rest = after
	}
}
