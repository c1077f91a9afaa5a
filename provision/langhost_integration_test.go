//go:build integration

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// programVariable names the built program for the language host.
const programVariable = "PROVISION_TEST_PROGRAM"

// TestMain is also Pulumi's language host for Go when the CLI starts it under
// that host's name: Pulumi's own comes with its installer, not as a module.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "pulumi-language-go" {
		m.Run()
		dir, err := buildDir()
		if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
			log.Print("remove the programs: ", err)
		}
		return
	}
	if err := serveLanguage(os.Args[len(os.Args)-1], os.Stdout); err != nil {
		log.Fatal("language host: ", err)
	}
}

func serveLanguage(engine string, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := grpc.NewServer()
	pulumirpc.RegisterLanguageRuntimeServer(server, &languageHost{engine: engine})
	context.AfterFunc(ctx, server.Stop)
	fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// languageHost starts the built program with the environment that Pulumi's own
// host gives it.
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	engine string
}

func (h *languageHost) Handshake(_ context.Context, req *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = req.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (*languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (*languageHost) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (*languageHost) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

func (h *languageHost) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	config, err := json.Marshal(req.GetConfig())
	if err != nil {
		return nil, err
	}
	secrets, err := json.Marshal(req.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	program := exec.CommandContext(ctx, os.Getenv(programVariable))
	program.Dir = req.GetPwd()
	program.Stdout, program.Stderr = os.Stdout, os.Stderr
	program.Env = append(os.Environ(),
		pulumi.EnvOrganization+"="+req.GetOrganization(), pulumi.EnvProject+"="+req.GetProject(), pulumi.EnvStack+"="+req.GetStack(),
		pulumi.EnvConfig+"="+string(config), pulumi.EnvConfigSecretKeys+"="+string(secrets),
		pulumi.EnvDryRun+"="+strconv.FormatBool(req.GetDryRun()), pulumi.EnvParallel+"="+strconv.Itoa(int(req.GetParallel())),
		pulumi.EnvMonitor+"="+req.GetMonitorAddress(), pulumi.EnvEngine+"="+h.engine,
	)
	var exit *exec.ExitError
	if err := program.Run(); errors.As(err, &exit) {
		return &pulumirpc.RunResponse{Error: exit.Error()}, nil
	} else if err != nil {
		return nil, err
	}
	return &pulumirpc.RunResponse{}, nil
}
