package cloudmodel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Serve answers Pulumi's engine on a loopback port for as long as the context
// lives. PULUMI_DEBUG_PROVIDERS=azure-native:PORT,aws:PORT,tls:PORT attaches it.
func (w *World) Serve(ctx context.Context) (port int, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listen for the engine: %w", err)
	}
	server := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(server, &provider{world: w})
	go func() { _ = server.Serve(listener) }() // ends with Stop
	context.AfterFunc(ctx, server.Stop)
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// provider is the world as Pulumi's protocol has it; see
// https://www.pulumi.com/docs/iac/extending-pulumi/build-a-provider/.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer

	world *World
}

func (p *provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (p *provider) CheckConfig(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: req.GetNews()}, nil
}

func (p *provider) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (p *provider) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: false, SupportsPreview: true, AcceptResources: false, AcceptOutputs: false}, nil
}

func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Check completes a name that the program left to the provider: that of the
// resource as it is, or eight digits more than in its URN.
func (p *provider) Check(_ context.Context, req *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	inputs, property := req.GetNews(), kinds[typeOf(req.GetUrn())].named
	if property == "" || inputs.GetFields()[property] != nil {
		return &pulumirpc.CheckResponse{Inputs: inputs}, nil
	}
	name := req.GetOlds().GetFields()[property]
	if name == nil {
		fresh, err := resource.NewUniqueName(req.GetRandomSeed(), resource.URN(req.GetUrn()).Name(), 8, 0, nil)
		if err != nil {
			return nil, fmt.Errorf("make a name: %w", err)
		}
		name = structpb.NewStringValue(fresh)
	}
	inputs.Fields[property] = name
	return &pulumirpc.CheckResponse{Inputs: inputs}, nil
}

// Diff compares inputs with inputs, as azure-native does.
func (p *provider) Diff(_ context.Context, req *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	before, err := properties(req.GetOldInputs())
	if err != nil {
		return nil, err
	}
	after, err := properties(req.GetNews())
	if err != nil {
		return nil, err
	}
	for _, path := range req.GetIgnoreChanges() {
		key, _, _ := strings.Cut(path, ".")
		after[resource.PropertyKey(key)] = before[resource.PropertyKey(key)]
	}
	diff := before.Diff(after)
	if diff == nil {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
	}
	k := kinds[typeOf(req.GetUrn())]
	answer := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_SOME, DetailedDiff: map[string]*pulumirpc.PropertyDiff{}, HasDetailedDiff: true}
	for path, d := range plugin.NewDetailedDiffFromObjectDiff(diff, true) {
		key, _, _ := strings.Cut(strings.SplitN(path, "[", 2)[0], ".")
		kind := pulumirpc.PropertyDiff_Kind(d.Kind)
		if slices.Contains(k.replaces, key) {
			kind = replacing(kind)
			answer.Replaces = append(answer.Replaces, key)
		}
		answer.Diffs = append(answer.Diffs, key)
		answer.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
	}
	return answer, nil
}

// replacing is the kind of the same change where it takes a new resource.
func replacing(kind pulumirpc.PropertyDiff_Kind) pulumirpc.PropertyDiff_Kind {
	switch kind {
	case pulumirpc.PropertyDiff_ADD:
		return pulumirpc.PropertyDiff_ADD_REPLACE
	case pulumirpc.PropertyDiff_DELETE:
		return pulumirpc.PropertyDiff_DELETE_REPLACE
	default:
		return pulumirpc.PropertyDiff_UPDATE_REPLACE
	}
}

func (p *provider) Create(_ context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if req.GetPreview() {
		return &pulumirpc.CreateResponse{Properties: req.GetProperties()}, nil
	}
	in, err := object(req.GetProperties())
	if err != nil {
		return nil, err
	}
	r, err := p.world.create(typeOf(req.GetUrn()), in)
	if err != nil {
		return nil, err
	}
	state, err := written(shown(r))
	return &pulumirpc.CreateResponse{Id: r.ID, Properties: state}, err
}

func (p *provider) Update(_ context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	if req.GetPreview() {
		return &pulumirpc.UpdateResponse{Properties: req.GetNews()}, nil
	}
	in, err := object(req.GetNews())
	if err != nil {
		return nil, err
	}
	r, err := p.world.update(req.GetId(), in)
	if err != nil {
		return nil, err
	}
	state, err := written(shown(r))
	return &pulumirpc.UpdateResponse{Properties: state}, err
}

func (p *provider) Delete(_ context.Context, req *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, p.world.remove(req.GetId())
}

// Read is what `pulumi refresh` asks; no identifier means that it is gone.
func (p *provider) Read(_ context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	r, ok := p.world.resources[req.GetId()]
	if !ok {
		return &pulumirpc.ReadResponse{}, nil
	}
	state, err := written(shown(r))
	inputs, err2 := written(r.Inputs)
	return &pulumirpc.ReadResponse{Id: r.ID, Properties: state, Inputs: inputs}, errors.Join(err, err2)
}

func (p *provider) Invoke(_ context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	args, err := object(req.GetArgs())
	if err != nil {
		return nil, err
	}
	result, err := p.world.invoke(req.GetTok(), args)
	if err != nil {
		return nil, err
	}
	state, err := written(result)
	return &pulumirpc.InvokeResponse{Return: state}, err
}

// typeOf is the type in a URN: the last of its chain.
func typeOf(urn string) string { return string(resource.URN(urn).Type()) }

func properties(s *structpb.Struct) (resource.PropertyMap, error) {
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true})
	if err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	return m, nil
}

func object(s *structpb.Struct) (Object, error) {
	m, err := properties(s)
	if err != nil {
		return nil, err
	}
	return Object(m.Mappable()), nil
}

func written(o Object) (*structpb.Struct, error) {
	s, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(o), plugin.MarshalOptions{})
	if err != nil {
		return nil, fmt.Errorf("write properties: %w", err)
	}
	return s, nil
}
