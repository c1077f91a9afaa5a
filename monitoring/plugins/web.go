package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	check "github.com/NETWAYS/go-check"
	"github.com/NETWAYS/go-check/perfdata"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// answer is what a server said, and how long it took to the last byte.
type answer struct {
	status int
	body   []byte
	took   time.Duration
}

// maxBody bounds what a check reads of a page.
const maxBody = 4 << 20

func ask(req *http.Request) (answer, error) {
	req.Header.Set("User-Agent", "swarmctl-monitoring")
	start := time.Now()
	// Each check makes its own connection, as a new user does.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}}
	resp, err := client.Do(req)
	if err != nil {
		var fault *url.Error
		if errors.As(err, &fault) {
			err = fault.Err // its URL may hold what is none of a log's business
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", time.Since(start).Round(100*time.Millisecond))
		}
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return answer{resp.StatusCode, body, time.Since(start)}, err
}

// timed judges an answer by its time, once it is right.
func (o *options) timed(a answer, text string) outcome {
	return outcome{
		status: o.judge(a.took.Seconds()), text: fmt.Sprintf("%s in %.3f s", text, a.took.Seconds()),
		perf: perfdata.PerfdataList{o.metric("time", float64(a.took.Microseconds())/1e6, "s"), {Label: "size", Value: len(a.body), Uom: "B"}},
	}
}

func web(o *options) func(context.Context) (outcome, error) {
	address := o.String("url", "", "what to open")
	content := o.String("content", "", "text that must be in it")
	return func(ctx context.Context) (outcome, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, *address, http.NoBody)
		if err != nil {
			return outcome{}, err
		}
		a, err := ask(req)
		switch {
		case err != nil:
			return outcome{status: check.Critical, text: err.Error()}, nil
		case a.status != http.StatusOK:
			return outcome{status: check.Critical, text: fmt.Sprintf("it answers with status %d", a.status)}, nil
		case *content != "" && !bytes.Contains(a.body, []byte(*content)):
			return outcome{status: check.Critical, text: fmt.Sprintf("its answer lacks %q", *content)}, nil
		}
		return o.timed(a, "answers"), nil
	}
}

// qr lets the service make a symbol of content that never was before, and reads
// it with a decoder that is not the service's.
func qr(o *options) func(context.Context) (outcome, error) {
	address := o.String("url", "", "where the service is")
	return func(ctx context.Context) (outcome, error) {
		content := "https://monitoring.example/" + rand.Text()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(*address, "/")+"/api/v1/qr.png",
			strings.NewReader(url.Values{"data": {content}}.Encode()))
		if err != nil {
			return outcome{}, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a, err := ask(req)
		switch {
		case err != nil:
			return outcome{status: check.Critical, text: err.Error()}, nil
		case a.status != http.StatusOK:
			return outcome{status: check.Critical, text: fmt.Sprintf("it answers with status %d", a.status)}, nil
		}
		read, err := decodeQR(a.body)
		switch {
		case err != nil:
			return outcome{status: check.Critical, text: "its symbol can't be read: " + err.Error()}, nil
		case read != content:
			return outcome{status: check.Critical, text: "its symbol says something else than it was given"}, nil
		}
		return o.timed(a, "a symbol was made, and reads as it should,"), nil
	}
}

func decodeQR(data []byte) (string, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	result, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}

// pipeline looks at the last run of a Jenkins job that came to its end.
func pipeline(o *options) func(context.Context) (outcome, error) {
	address := o.String("url", "", "Jenkins")
	job := o.String("job", "", "the job: folder/name")
	tokenFile := o.String("token-file", "", "file that holds user:token")
	return func(ctx context.Context) (outcome, error) {
		path := "/job/" + strings.ReplaceAll(url.PathEscape(*job), "%2F", "/job/") + "/lastCompletedBuild/api/json"
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(*address, "/")+path, http.NoBody)
		if err != nil {
			return outcome{}, err
		}
		if err := authorize(req, *tokenFile); err != nil {
			return outcome{}, err
		}
		a, err := ask(req)
		if err != nil {
			return outcome{}, err
		}
		if a.status != http.StatusOK {
			return outcome{}, fmt.Errorf("it answers with status %d", a.status)
		}
		return judgeBuild(a.body)
	}
}

// authorize adds the token; without a file the job must be open to all.
func authorize(req *http.Request, file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	user, token, _ := strings.Cut(strings.TrimSpace(string(text)), ":")
	req.SetBasicAuth(user, token)
	return nil
}
