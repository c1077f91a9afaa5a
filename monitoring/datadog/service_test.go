package datadog

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const project = "../.."

func TestTheAgentLooksForTheServicesImage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(project, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct{ Image string }
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	// ${QR_IMAGE:-yces/qr}: what counts is what is deployed where nobody says otherwise.
	_, image, _ := strings.Cut(strings.TrimSuffix(compose.Services["qr"].Image, "}"), ":-")
	name, _, _ := strings.Cut(path.Base(image), ":")
	if name != serviceImage {
		t.Errorf("compose.yaml has the image %q, the agent looks for %q", image, serviceImage)
	}
}

// exposed runs the app and returns its metrics after a request: for each name
// whether it has a type.
func exposed(t *testing.T) map[string]bool {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "app")
	if out, err := exec.Command("go", "build", "-o", bin, project+"/app").CombinedOutput(); err != nil {
		t.Fatalf("build the app: %v\n%s", err, out)
	}
	public, admin := freeAddress(t), freeAddress(t)
	app := exec.Command(bin)
	app.Env = append(os.Environ(), "APP_ADDR="+public, "APP_ADMIN_ADDR="+admin, "APP_DRAIN=0s")
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Process.Kill(); _ = app.Wait() })
	get(t, "http://"+public+"/api/v1/qr.svg?data=x")
	names := map[string]bool{}
	for line := range strings.Lines(get(t, "http://"+admin+"/metrics")) {
		if f := strings.Fields(line); strings.HasPrefix(line, "# TYPE ") {
			names[f[2]] = true
		} else if name := regexp.MustCompile(`^[a-z_]+`).FindString(line); name != "" && !names[name] {
			names[name] = false
		}
	}
	return names
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func get(t *testing.T, url string) string {
	t.Helper()
	var last error
	for range 100 {
		resp, err := http.Get(url)
		if err == nil {
			defer func() { _ = resp.Body.Close() }()
			text, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s, %v", url, resp.Status, err)
			}
			return string(text)
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(last)
	return ""
}

// sentAs is what the agent's check makes of a metric; see the transformers of
// datadog_checks_base/checks/openmetrics/v2 in github.com/DataDog/integrations-core.
func sentAs(exposed, name, kind string) (string, error) {
	switch suffix := exposed[strings.LastIndex(exposed, "_")+1:]; {
	case kind == "counter" && suffix == "total":
		return name + ".count", nil
	case kind == "histogram" && (suffix == "sum" || suffix == "count"):
		return name + "." + suffix, nil
	}
	return "", fmt.Errorf("%s of type %s: nothing is sent", exposed, kind)
}

func TestTheDashboardShowsMetricsThatTheAppExposes(t *testing.T) {
	metrics := exposed(t)
	var sent []string
	for _, entry := range serviceMetrics {
		for name, to := range entry {
			typed, there := metrics[name]
			if !there {
				t.Errorf("the app exposes no %q", name)
			}
			if typed {
				t.Errorf("%q has a type now, which changes what the agent calls it", name)
			}
			as, err := sentAs(name, to.(object)["name"].(string), to.(object)["type"].(string))
			if err != nil {
				t.Error(err)
			}
			sent = append(sent, "yces."+as)
		}
	}
	used := map[string]bool{}
	for _, c := range serviceCharts {
		for _, name := range regexp.MustCompile(`yces\.[a-z_.]+`).FindAllString(c.query, -1) {
			used[name] = true
			if !slices.Contains(sent, name) {
				t.Errorf("%s: nobody sends %q", c.title, name)
			}
		}
	}
	if len(used) != len(sent) {
		t.Errorf("sent: %q, shown: %v", sent, used)
	}
}
