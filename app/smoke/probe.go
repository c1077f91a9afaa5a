package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// maxBody is far above what the service sends in one answer.
const maxBody = 16 << 20

// probe asks the service, and says what it found.
type probe struct {
	want   expectation
	client *http.Client
	out    io.Writer
	pause  time.Duration
}

// newProbe makes a new connection for each request, so that the balancer
// chooses anew each time.
func newProbe(want expectation, out io.Writer) *probe {
	transport := &http.Transport{DisableKeepAlives: true}
	return &probe{want: want, client: &http.Client{Transport: transport, Timeout: 10 * time.Second}, out: out, pause: 250 * time.Millisecond}
}

func (p *probe) run(ctx context.Context) error {
	for _, check := range []func(context.Context) error{p.replicas, p.page, p.codes} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) said(format string, args ...any) {
	fmt.Fprintf(p.out, "ok: "+format+"\n", args...)
}

// get returns the body of a successful answer.
func (p *probe) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.want.endpoint+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is written
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return body, err
}

// replicas waits until every replica answers with the commit, and nothing else
// answers in as many requests as make it unlikely that one was overlooked.
func (p *probe) replicas(ctx context.Context) error {
	last := fmt.Errorf("nothing has answered")
	for {
		hosts, err := p.sample(ctx)
		if err == nil && len(hosts) == p.want.replicas {
			p.said("%d replicas answer with commit %s: %s", len(hosts), p.want.commit, strings.Join(hosts, ", "))
			return nil
		}
		if err == nil {
			err = fmt.Errorf("answers come from %d replicas (%s), want %d", len(hosts), strings.Join(hosts, ", "), p.want.replicas)
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for every replica: %w", last)
		case <-time.After(p.pause):
		}
	}
}

// sample asks for the version many times in a row.
func (p *probe) sample(ctx context.Context) ([]string, error) {
	var hosts []string
	seen := map[string]bool{}
	for range 10 * p.want.replicas {
		body, err := p.get(ctx, "/version")
		if err != nil {
			return nil, err
		}
		var version struct{ Commit, Host string }
		if err := json.Unmarshal(body, &version); err != nil {
			return nil, fmt.Errorf("read /version: %w", err)
		}
		if version.Commit != p.want.commit {
			return nil, fmt.Errorf("%s serves commit %s, want %s", version.Host, version.Commit, p.want.commit)
		}
		if !seen[version.Host] {
			seen[version.Host] = true
			hosts = append(hosts, version.Host)
		}
	}
	return hosts, nil
}

var asset = regexp.MustCompile(`<(?:link|script)[^>]* (?:href|src)="(/[^"/][^"]*)"`)

// page looks at what a person sees, and at what the page cannot do without.
func (p *probe) page(ctx context.Context) error {
	body, err := p.get(ctx, "/")
	if err != nil {
		return fmt.Errorf("get the page: %w", err)
	}
	text := html.UnescapeString(string(body))
	if !strings.Contains(text, p.want.text) {
		return fmt.Errorf("the page does not show %q", p.want.text)
	}
	found := asset.FindAllStringSubmatch(string(body), -1)
	if len(found) == 0 {
		return fmt.Errorf("the page names no stylesheet and no script")
	}
	for _, m := range found {
		if _, err := p.get(ctx, html.UnescapeString(m[1])); err != nil {
			return fmt.Errorf("get what the page needs: %w", err)
		}
	}
	p.said("the page and the %d files that it needs", len(found))
	return nil
}

// codes has codes made, of content that no cache can know, and scans them.
func (p *probe) codes(ctx context.Context) error {
	for symbology, reader := range map[string]gozxing.Reader{"qr": qrcode.NewQRCodeReader(), "code128": oned.NewCode128Reader()} {
		content := fmt.Sprintf("smoke-%d", time.Now().UnixNano())
		body, err := p.get(ctx, "/api/v1/"+symbology+".png?data="+url.QueryEscape(content))
		if err != nil {
			return fmt.Errorf("make a code: %w", err)
		}
		got, err := scan(reader, body)
		if err != nil {
			return fmt.Errorf("scan the %s code: %w", symbology, err)
		}
		if got != content {
			return fmt.Errorf("the %s code says %q, want %q", symbology, got, content)
		}
		p.said("a %s code of %q scans", symbology, content)
	}
	return nil
}

func scan(reader gozxing.Reader, picture []byte) (string, error) {
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	result, err := reader.Decode(bitmap, map[gozxing.DecodeHintType]interface{}{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}
