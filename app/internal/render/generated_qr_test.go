//go:build integration

package render

import (
	"bytes"
	"fmt"
	stdpng "image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"rsc.io/qr/coding"

	"github.com/ycesproject/yces/app/internal/symbol"
)

// QR codes at the exact capacity of every version, level and mode, and random
// texts; zbar, zxing-cpp and gozxing must all read each of them identically.

// qrReaders read the images of a set.
var qrReaders = map[string]func(*testing.T, []sample) []string{
	"zbar": zbarReadQR, "zxing-cpp": zxingRead, "gozxing": gozxingRead,
}

func readByThree(t *testing.T, set []sample) {
	t.Helper()
	for name, read := range qrReaders {
		misread := 0
		for i, got := range read(t, set) {
			if got == set[i].want {
				continue
			}
			if misread++; misread <= 10 {
				t.Errorf("%s reads %.80q, want %.80q", name, got, set[i].want)
			}
		}
		t.Logf("%s reads %d of %d", name, len(set)-misread, len(set))
	}
}

// zbarReadQR takes plain lines, for which it runs zbar for each image: in XML,
// zbar garbles what is not ASCII.
func zbarReadQR(_ *testing.T, set []sample) []string {
	read := make([]string, len(set))
	var workers sync.WaitGroup
	for first := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := first; i < len(set); i += runtime.GOMAXPROCS(0) {
				// Exit code 4 says that the image had no symbol; the test sees it.
				out, _ := exec.Command("zbarimg", "--quiet", "--raw", "-S*.disable", "-Sqrcode.enable", set[i].path).Output()
				read[i] = strings.TrimSuffix(string(out), "\n")
			}
		})
	}
	workers.Wait()
	return read
}

func gozxingRead(t *testing.T, set []sample) []string {
	t.Helper()
	read := make([]string, len(set))
	for i, s := range set {
		file, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		img, err := stdpng.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		picture, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		result, err := qrcode.NewQRCodeReader().Decode(picture, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
		if err != nil {
			read[i] = err.Error()
			continue
		}
		read[i] = result.GetText()
	}
	return read
}

func qrSample(t *testing.T, dir string, i int, text, level string) (sample, *symbol.Symbol) {
	t.Helper()
	e, _ := symbol.ByName("qr")
	s, err := e.Encode(text, symbol.Options{Level: level})
	if err != nil {
		t.Fatalf("encode %.80q: %v", text, err)
	}
	st := plain
	st.Scale = 3 + i%3
	path := filepath.Join(dir, fmt.Sprintf("%05d.png", i))
	if err := os.WriteFile(path, renderAs(t, "png", s, st), 0o600); err != nil {
		t.Fatal(err)
	}
	return sample{path, text, text}, s
}

// qrCapacity is what a version holds in one mode, ISO/IEC 18004 clause 7.4.
func qrCapacity(version coding.Version, level coding.Level, mode string) int {
	room := version.DataBytes(level) * 8
	bits := func(n int) int { return coding.String(strings.Repeat("x", n)).Bits(version) }
	switch mode {
	case "numeric":
		bits = func(n int) int { return coding.Num(strings.Repeat("7", n)).Bits(version) }
	case "alphanumeric":
		bits = func(n int) int { return coding.Alpha(strings.Repeat("A", n)).Bits(version) }
	}
	n := 0
	for bits(n+1) <= room {
		n++
	}
	return n
}

func TestEveryVersionLevelAndModeAtItsCapacity(t *testing.T) {
	step := coding.Version(13)
	if full {
		step = 1
	}
	// Alphabets without what another mode writes shorter.
	letters := map[string]string{"numeric": digits, "alphanumeric": "ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", "byte": "abcdefghijklmnopqrstuvwxyz,;?&=_~"}
	random := rand.New(rand.NewPCG(31, 32))
	dir := t.TempDir()
	var set []sample
	for version := coding.Version(1); version <= coding.MaxVersion; version += step {
		for level := range coding.Level(4) {
			for _, mode := range []string{"numeric", "alphanumeric", "byte"} {
				text := pick(random, letters[mode], qrCapacity(version, level, mode))
				s, made := qrSample(t, dir, len(set), text, level.String())
				if made.Width != 17+4*int(version) {
					t.Errorf("%d characters in %s mode at level %s: %d modules, want version %d", len(text), mode, level, made.Width, version)
				}
				set = append(set, s)
			}
		}
	}
	readByThree(t, set)
}

// qrAlphabets are letters of each mode and of several scripts.
var qrAlphabets = []string{
	digits, "ABCXYZ0189 $%*+-./:", "abcXYZ019 ~!\"#&=?/;", "12345ABCDEabcde",
	"äöüßéèêñçøåÄÖÜ abc", "ąćęłńóśźżőűțș xyz", "абвгдежзийклмн ", "αβγδεζηθικλμν ", "שלום עולם", "مرحبا بالعالم",
	"日本語テキスト漢字かな", "中文字符测试简体", "한국어텍스트", "😀🚀🎉👍🏽❤️🇩🇪 ok", "aé日😀1A",
}

func TestRandomTextsInEveryMode(t *testing.T) {
	count := 300
	if full {
		count = 10_000
	}
	random := rand.New(rand.NewPCG(33, 34))
	dir := t.TempDir()
	set := make([]sample, count)
	for i := range set {
		letters := []rune(qrAlphabets[i%len(qrAlphabets)])
		most := 60
		if i%20 == 0 {
			most = 400
		}
		text := make([]rune, 1+random.IntN(most))
		for j := range text {
			text[j] = letters[random.IntN(len(letters))]
		}
		set[i], _ = qrSample(t, dir, i, string(text), []string{"L", "M", "Q", "H"}[random.IntN(4)])
	}
	readByThree(t, set)
}
