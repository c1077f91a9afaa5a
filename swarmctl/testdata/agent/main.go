// Command agent stands in for Datadog's: it runs with a configuration that it
// understands and a key, and says whether it is well.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"sigs.k8s.io/yaml"
)

const (
	configDir = "/etc/datadog-agent"
	pidFile   = "/run/datadog/agent.pid"
)

func main() {
	do := map[string]func() error{"run": run, "health": health}[strings.Join(os.Args[1:], " ")]
	if do == nil {
		fmt.Fprintln(os.Stderr, "usage: datadog-agent run|health")
		os.Exit(2)
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	if os.Getenv("DD_API_KEY") == "" {
		return fmt.Errorf("there is no key")
	}
	files, err := filepath.Glob(configDir + "/conf.d/*.d/conf.yaml")
	if err != nil {
		return err
	}
	for _, file := range append(files, configDir+"/datadog.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var doc map[string]any
		if err := yaml.UnmarshalStrict(text, &doc); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		fmt.Println("read", file)
	}
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	return os.Remove(pidFile)
}

func health() error {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	name, err := os.Readlink("/proc/" + string(text) + "/exe")
	if err != nil {
		return fmt.Errorf("agent health: FAIL: %w", err)
	}
	if filepath.Base(name) != "datadog-agent" {
		return fmt.Errorf("agent health: FAIL: process %s is %s", text, name)
	}
	fmt.Println("Agent health: PASS")
	return nil
}
