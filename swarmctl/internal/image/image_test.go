package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// saved is a random image and what `docker save` would stream of it.
func saved(t *testing.T) (v1.Image, func(context.Context) (io.ReadCloser, error)) {
	t.Helper()
	img, err := random.Image(2048, 3)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("shop/web:latest")
	if err != nil {
		t.Fatal(err)
	}
	var tar bytes.Buffer
	if err := tarball.Write(tag, img, &tar); err != nil {
		t.Fatal(err)
	}
	return img, func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(tar.Bytes())), nil }
}

func TestAnIndependentRegistryClientPullsWhatWasExported(t *testing.T) {
	source, save := saved(t)
	// An engine's image ID is the digest of the image's config.
	id, _ := source.ConfigName()
	img, err := Cache{t.TempDir()}.Export(context.Background(), id.String(), save)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{image: img}
	web := httptest.NewServer(s)
	defer web.Close()

	ref, err := name.ParseReference(strings.TrimPrefix(web.URL, "http://") + "/shop/web@" + img.Digest)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(pulled); err != nil {
		t.Error(err)
	}
	want, _ := source.ConfigName()
	if got, _ := pulled.ConfigName(); got != want {
		t.Errorf("config is %s, want the source's %s", got, want)
	}
	if sent := s.sent.Load(); sent < img.Size || sent > img.Size+10_000 {
		t.Errorf("counted %d bytes sent for an image of %d", sent, img.Size)
	}
}

func TestTheSecondExportNeedsNoSave(t *testing.T) {
	_, save := saved(t)
	cache := Cache{t.TempDir()}
	one, err := cache.Export(context.Background(), "sha256:one", save)
	if err != nil {
		t.Fatal(err)
	}
	two, err := cache.Export(context.Background(), "sha256:one", func(context.Context) (io.ReadCloser, error) {
		return nil, errors.New("saved again")
	})
	if err != nil || two.Digest != one.Digest {
		t.Errorf("got %+v, %v; want digest %s from the cache", two, err, one.Digest)
	}
}

func TestTheDigestDoesNotDependOnTheCache(t *testing.T) {
	_, save := saved(t)
	one, err := Cache{t.TempDir()}.Export(context.Background(), "sha256:one", save)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Cache{t.TempDir()}.Export(context.Background(), "sha256:one", save)
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest != two.Digest {
		t.Errorf("two laptops give the same image the digests %s and %s", one.Digest, two.Digest)
	}
}

func TestABuiltImageIsFoundByItsDigest(t *testing.T) {
	_, save := saved(t)
	cache := Cache{t.TempDir()}
	img, err := cache.Export(context.Background(), "sha256:one", save)
	if err != nil {
		t.Fatal(err)
	}
	if found := cache.Find(img.Digest); found == nil || found.Digest != img.Digest || len(found.blobs) != len(img.blobs) {
		t.Errorf("got %+v", found)
	}
	if found := cache.Find("sha256:other"); found != nil {
		t.Errorf("got %+v", found)
	}
	for digest := range img.blobs {
		_ = os.Remove(cache.path(digest))
	}
	if found := cache.Find(img.Digest); found != nil {
		t.Errorf("without its blobs: got %+v", found)
	}
	if found := (Cache{filepath.Join(cache.Dir, "none")}).Find(img.Digest); found != nil {
		t.Errorf("without a cache: got %+v", found)
	}
}

func TestPullNamesWhoFailedAndSkipsWhoHasTheImage(t *testing.T) {
	pulled := func(context.Context, net.Listener, string) error { return nil }
	broken := func(context.Context, net.Listener, string) error { return errors.New("no such host") }
	nodes := []Node{&fakeNode{name: "a", has: true, pull: broken}, &fakeNode{name: "b", pull: pulled}, &fakeNode{name: "c", pull: broken}}
	err := Pull(context.Background(), "example.org/web@sha256:one", nodes, nil)
	if err == nil || err.Error() != "node c: no such host" {
		t.Errorf("got %v", err)
	}
}

func TestADamagedCacheIsMadeAnew(t *testing.T) {
	_, save := saved(t)
	cache := Cache{t.TempDir()}
	img, err := cache.Export(context.Background(), "sha256:one", save)
	if err != nil {
		t.Fatal(err)
	}
	for digest := range img.blobs {
		if err := os.Remove(cache.path(digest)); err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := cache.Export(context.Background(), "sha256:one", save); err != nil {
		t.Error(err)
	}
	left, _ := filepath.Glob(filepath.Join(cache.Dir, "*.t*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// fakeNode pulls with a registry client over a real listener, or has the image.
type fakeNode struct {
	name string
	has  bool
	pull func(ctx context.Context, l net.Listener, ref string) error
	l    net.Listener
}

func (n *fakeNode) Name() string                              { return n.name }
func (n *fakeNode) Has(context.Context, string) (bool, error) { return n.has, nil }
func (n *fakeNode) Pull(ctx context.Context, ref string, _ func(int64, int64)) error {
	return n.pull(ctx, n.l, ref)
}

func (n *fakeNode) Listen(context.Context, string) (net.Listener, error) {
	var err error
	n.l, err = net.Listen("tcp", "127.0.0.1:0")
	return n.l, err
}

func TestDeliverServesOnlyWhoLacksTheImageAndNamesWhoFailed(t *testing.T) {
	_, save := saved(t)
	img, err := Cache{t.TempDir()}.Export(context.Background(), "sha256:one", save)
	if err != nil {
		t.Fatal(err)
	}
	get := func(ctx context.Context, l net.Listener, ref string) error {
		resp, err := http.Get("http://" + l.Addr().String() + "/v2/shop/web/manifests/" + img.Digest)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close())
	}
	broken := func(context.Context, net.Listener, string) error { return errors.New("disk full") }
	nodes := []Node{&fakeNode{name: "a", has: true}, &fakeNode{name: "b", pull: get}, &fakeNode{name: "c", pull: broken}}
	named, _ := reference.ParseNormalizedNamed("shop/web")
	got, err := Deliver(context.Background(), img, Ref(named, img.Digest), nodes, nil)

	if err == nil || !strings.Contains(err.Error(), "node c: disk full") || strings.Contains(err.Error(), "node b") {
		t.Errorf("error is %v, want one that names node c only", err)
	}
	if got[0].Sent != 0 || got[1].Sent != int64(len(img.Manifest)) {
		t.Errorf("sent %d and %d bytes, want 0 and %d", got[0].Sent, got[1].Sent, len(img.Manifest))
	}
}

func TestTheServerIsReadOnlyAndKnowsOneImage(t *testing.T) {
	s := &server{image: &Image{Digest: "sha256:a", Manifest: []byte("{}")}}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/v2/", 200},
		{http.MethodGet, "/v2/x/y/manifests/sha256:a", 200},
		{http.MethodGet, "/v2/x/y/manifests/latest", 404},
		{http.MethodGet, "/v2/x/y/blobs/sha256:b", 404},
		{http.MethodGet, "/etc/passwd", 404},
		{http.MethodPut, "/v2/x/manifests/sha256:a", 405},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.want)
		}
	}
}
