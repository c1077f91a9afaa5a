//go:build integration

package main

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// most is what the app may have resident whatever it is sent.
const most = 256 << 20

// victim is the built app as a process of its own.
type victim struct {
	addr string
	pid  int
}

func startVictim(t *testing.T) victim {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path)
	// Without the limit of requests one client can do its worst.
	command.Env = append(os.Environ(), "APP_ADDR="+addr, "APP_ADMIN_ADDR=off", "APP_RATE_LIMIT=off", "APP_LOG_LEVEL=error")
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = command.Wait() })
	for range 100 {
		if answer, err := http.Get("http://" + addr + "/readyz"); err == nil {
			_ = answer.Body.Close()
			return victim{addr, command.Process.Pid}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the app does not answer")
	return victim{}
}

// peak returns the most that was resident since the start.
func (v victim) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.pid))
	if err != nil {
		t.Fatalf("the app is gone: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// post returns the status, or 0 where the app ended the connection.
func (v victim) post(path, mediaType string, body io.Reader) int {
	client := http.Client{Timeout: time.Minute}
	answer, err := client.Post("http://"+v.addr+path, mediaType, body)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func (v victim) get(path string) int {
	client := http.Client{Timeout: time.Minute}
	answer, err := client.Get("http://" + v.addr + path)
	if err != nil {
		return 0
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// together runs many at a time.
func together(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// hugePNG is a valid picture of one colour and that many pixels, some 100 kB.
func hugePNG(width, height int) []byte {
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&out, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		out.Write(body)
		_ = binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	chunk("IHDR", append(header, 1, 0, 0, 0, 0))
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	line := make([]byte, 1+(width+7)/8)
	for range height {
		_, _ = w.Write(line)
	}
	_ = w.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// manyGroups is a lossless WebP of one pixel that makes a decoder make room for
// 65536 groups of prefix codes, of which it has none.
const manyGroups = "RIFF\x1c\x00\x00\x00WEBPVP8L\x10\x00\x00\x00/\x00\x00\x00\x00\x84\xfe\xf7\xbf\x00\x05(\x00\x00\x00\x00"

// manyScans is a grey progressive JPEG of 2048 × 2048 pixels whose scans of 17 bytes
// refine nothing: each says that all 65536 blocks end here.
func manyScans(n int) string {
	const (
		frame = "\xff\xc2\x00\x0b\x08\x08\x00\x08\x00\x01\x01\x11\x00"
		code  = "\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0"
		scan  = "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10\x7f\xfc\xff\x00\xf8\x00\x07"
	)
	return "\xff\xd8" + frame + code + strings.Repeat(scan, n) + "\xff\xd9"
}

func zipBomb() []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range 10 {
		f, _ := w.Create(fmt.Sprintf("%d.csv", i))
		_, _ = io.CopyN(f, zeros{}, 100<<20)
	}
	_ = w.Close()
	return out.Bytes()
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// upload is a form with a file.
func upload(field, name string, file []byte) (mediaType string, body []byte) {
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	if field == "logo" { // forms with other files know no data
		_ = form.WriteField("data", "x")
	}
	part, _ := form.CreateFormFile(field, name)
	_, _ = part.Write(file)
	_ = form.Close()
	return form.FormDataContentType(), out.Bytes()
}

func TestMemoryStaysBoundedUnderAttack(t *testing.T) {
	v := startVictim(t)
	long := strings.Repeat("x", 1200)
	picture, bomb := hugePNG(30_000, 30_000), zipBomb()
	attacks := []struct {
		name string
		run  func()
	}{
		{"bodies of 100 MB", func() {
			together(20, func(i int) {
				path := []string{"/api/v1/qr.png", "/api/v1/batch", "/api/v1/scan", "/batch"}[i%4]
				mediaType := []string{"application/json", "text/csv", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}[i/4%4]
				if status := v.post(path, mediaType, io.LimitReader(zeros{}, 100<<20)); status == 200 {
					t.Errorf("%s with %s: 200", path, mediaType)
				}
			})
		}},
		{"slow bodies", func() { together(200, func(int) { dribble(v.addr) }) }},
		{"pictures of 30 000 × 30 000 pixels and archives that are bombs", func() {
			together(40, func(i int) {
				file, name := picture, "logo.png"
				if i%2 == 1 {
					file, name = bomb, "codes.zip"
				}
				for path, field := range map[string]string{"/api/v1/qr.png": "logo", "/api/v1/scan": "image", "/api/v1/batch": "file"} {
					mediaType, body := upload(field, name, file)
					if status := v.post(path, mediaType, bytes.NewReader(body)); status == 200 {
						t.Errorf("%s takes %s", path, name)
					}
				}
			})
		}},
		{"small files that keep decoders busy", func() {
			files := []string{manyGroups, manyScans(5000)}
			together(40, func(i int) {
				file := []byte(files[i%2])
				for path, field := range map[string]string{"/api/v1/qr.png": "logo", "/api/v1/scan": "image"} {
					mediaType, body := upload(field, "logo", file)
					if status := v.post(path, strings.ToUpper(mediaType[:19])+mediaType[19:], bytes.NewReader(body)); status == 200 {
						t.Errorf("%s takes file %d", path, i%2)
					}
				}
			})
		}},
		{"the largest symbols, many at a time", func() {
			var made atomic.Int32
			together(64, func(i int) {
				status := v.get(fmt.Sprintf([]string{
					"/api/v1/qr.png?scale=21&data=%d%s", "/api/v1/qr.jpg?scale=14&data=%d%s", "/api/v1/qr.webp?scale=14&data=%d%s",
					"/api/v1/qr.png?scale=14&module=rounded&gradient=radial&fg2=navy&data=%d%s", "/api/v1/qr.pdf?module=dot&data=%d%s",
					"/api/v1/pdf417.png?scale=5&data=%d%.700s", "/api/v1/aztec.png?scale=20&data=%d%.700s", "/api/v1/datamatrix.svg?data=%d%s",
				}[i%8], i, long))
				if status == http.StatusOK {
					made.Add(1)
				} else if status != http.StatusServiceUnavailable {
					t.Errorf("large symbol %d: %d", i%8, status)
				}
			})
			t.Logf("%d of 64 were made, the others were asked to come back", made.Load())
			if made.Load() == 0 {
				t.Error("no large symbol was made")
			}
		}},
		{"batches of the largest", func() {
			table := "data,scale\n" + strings.Repeat(long+",20\n", 30)
			together(6, func(int) { v.post("/api/v1/batch", "text/csv", strings.NewReader(table)) })
		}},
	}
	for _, attack := range attacks {
		attack.run()
		peak := v.peak(t)
		t.Logf("%s: %d MiB at the most", attack.name, peak>>20)
		if peak > most {
			t.Errorf("%s: %d MiB were resident, at most %d are allowed", attack.name, peak>>20, most>>20)
		}
		if status := v.get("/api/v1/qr.png?data=after"); status != 200 {
			t.Errorf("after %s an ordinary request is answered with %d", attack.name, status)
		}
	}
}

// dribble sends a body a byte at a time for some seconds.
func dribble(addr string) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "POST /api/v1/qr.png HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
	for range 40 {
		if _, err := conn.Write([]byte(" ")); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
