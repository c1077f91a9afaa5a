package render

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/symbol"
)

// The generated sets: texts over the whole range that a symbology is offered
// for, read back by decoders written by others in other languages.

// full is set for the long run: APP_FULL=1.
var full = os.Getenv("APP_FULL") != ""

// setSize is the number of cases a symbology.
func setSize() int {
	if full {
		return 600
	}
	return 40
}

// sample is an image of a symbol and what it says.
type sample struct {
	path, text string
	// want is what a reader must return.
	want string
}

// samples makes the generated set of a symbology.
func samples(t *testing.T, name string) []sample {
	t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(len(name))))
	dir := t.TempDir()
	set := make([]sample, setSize())
	for i := range set {
		text, want := texts[name](random, i)
		st := plain
		st.Scale = 2 + i%3
		path := filepath.Join(dir, fmt.Sprintf("%04d.png", i))
		if err := os.WriteFile(path, renderAs(t, "png", encode(t, name, text), st), 0o600); err != nil {
			t.Fatal(err)
		}
		set[i] = sample{path, text, want}
	}
	return set
}

// texts make the i-th case of a set: what is encoded and what must be read.
var texts = map[string]func(random *rand.Rand, i int) (text, want string){
	"ean8": func(r *rand.Rand, _ int) (string, string) { return checked("ean8", pick(r, digits, 7)) },
	"ean13": func(r *rand.Rand, _ int) (string, string) {
		return checked("ean13", pick(r, digits[1:], 1)+pick(r, digits, 11))
	},
	"upca": func(r *rand.Rand, _ int) (string, string) { return checked("upca", pick(r, digits, 11)) },
	"upce": upceText,
	"code39": func(r *rand.Rand, i int) (string, string) {
		return same(pick(r, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%", 1+i%48))
	},
	"code93":  func(r *rand.Rand, i int) (string, string) { return same(pick(r, ascii(), 1+i%48)) },
	"code128": func(r *rand.Rand, i int) (string, string) { return same(pick(r, ascii(), 1+i%80)) },
	"itf":     func(r *rand.Rand, i int) (string, string) { return same(pick(r, digits, 6+2*(i%22))) },
	"itf14":   func(r *rand.Rand, _ int) (string, string) { return checked("itf14", pick(r, digits, 13)) },
	"gs1-128": gs1Text,
	"datamatrix": func(r *rand.Rand, i int) (string, string) {
		if i%5 == 0 {
			return same(pick(r, digits, 1+i*2607/(setSize()-1)))
		}
		return same(pick(r, alphabet(i), 1+i*1303/(setSize()-1)))
	},
	"aztec": func(r *rand.Rand, i int) (string, string) {
		return same(strings.TrimLeft(pick(r, alphabet(i), i*799/(setSize()-1)), "\x1d") + "x")
	},
	"pdf417": pdf417Text,
	"qr":     func(r *rand.Rand, i int) (string, string) { return same(pick(r, alphabet(i), 1+i*1199/(setSize()-1))) },
	"codabar": func(r *rand.Rand, i int) (string, string) {
		return same(pick(r, "ABCD", 1) + pick(r, "0123456789-$:/.+", 2+i%47) + pick(r, "ABCD", 1))
	},
}

const digits = "0123456789"

func ascii() string {
	all := make([]byte, 128)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}

// pdf417Text draws letters, digits, bytes and other languages, from one
// character to a full symbol of 928 codewords.
func pdf417Text(random *rand.Rand, i int) (string, string) {
	share := func(most int) int { return 1 + i*(most-1)/(setSize()-1) }
	switch i % 8 {
	case 0:
		return same(pick(random, digits, share(2500)))
	case 1: // runs of digits of every length among letters
		text := ""
		for left := share(700); left > 0; left -= 30 {
			text += pick(random, "abcXYZ ;", 1+random.IntN(8)) + pick(random, digits, random.IntN(22))
		}
		return same(text)
	case 2:
		return same(strings.Repeat("é", share(250)) + pick(random, digits, random.IntN(40)) + "日本語😀")
	case 3:
		return same(pick(random, ascii(), share(950)))
	case 4:
		return same(pick(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ", share(1700)))
	case 5:
		return same(pick(random, "abcdefghijklmnopqrstuvwxyz ", share(1700)))
	case 6:
		return same(pick(random, subModeMix, share(500)))
	}
	return same(pick(random, "ABCabc012 .,:/-", share(700)))
}

// subModeMix has letters of all of PDF417's sub-modes.
const subModeMix = "AZaz09 &\r\t,:#-.$/+%*=^;<>@[\\]_`~!\n\"|()?{}'"

// alphabet returns the letters of a case: what each of a symbology's encodation
// schemes is made for, and everything.
func alphabet(i int) string {
	return []string{"ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789", "abcdefghijklmnopqrstuvwxyz .,", "0123456789.,A", "https://EXAMPLE.org/?=&;{}[]", ascii()}[i%5]
}

func same(text string) (string, string) { return text, text }

func pick(random *rand.Rand, letters string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[random.IntN(len(letters))]
	}
	return string(out)
}

// checked returns digits and what is printed for them, the check digit included.
func checked(name, text string) (string, string) {
	e, _ := symbol.ByName(name)
	s, err := e.Encode(text, symbol.Options{})
	if err != nil {
		return text, err.Error()
	}
	var printed strings.Builder
	for _, l := range s.Labels {
		printed.WriteString(strings.ReplaceAll(l.Text, " ", ""))
	}
	return text, printed.String()
}

// upceText draws numbers in each of the four forms of zero suppression.
func upceText(random *rand.Rand, i int) (string, string) {
	text := "0"
	switch i % 4 {
	case 0:
		text += pick(random, digits, 5) + pick(random, "012", 1)
	case 1:
		text += pick(random, digits, 2) + pick(random, "3456789", 1) + pick(random, digits, 2) + "3"
	case 2:
		text += pick(random, digits, 3) + pick(random, digits[1:], 1) + pick(random, digits, 1) + "4"
	default:
		text += pick(random, digits, 4) + pick(random, digits[1:], 1) + pick(random, "56789", 1)
	}
	return checked("upce", text)
}

// gs1Text draws elements until the symbol is as full as the case asks for.
func gs1Text(random *rand.Rand, i int) (text, want string) {
	const set82 = `ABCXYZabcxyz0123456789!"%&'*+,-./:;<=>?_`
	room := 4 + i%45
	for {
		ai, value := "91", pick(random, set82, 1+random.IntN(max(1, room-2)))
		separator := "\x1d"
		switch random.IntN(5) {
		case 0:
			_, value = checked("itf14", pick(random, digits, 13))
			ai, separator = "01", ""
		case 1:
			ai, value, separator = "17", pick(random, digits, 2)+"0"+pick(random, digits[1:], 1)+"1"+pick(random, digits, 1), ""
		case 2:
			ai, value = "21", pick(random, digits, 1+random.IntN(20))
		case 3:
			ai, value, separator = "310"+pick(random, digits[:6], 1), pick(random, digits, 6), ""
		}
		if room -= len(ai) + len(value) + 1; room < 0 {
			if text == "" {
				return same0("91", pick(random, set82, 1+i%46))
			}
			return text, strings.TrimSuffix(want, "\x1d")
		}
		text += "(" + ai + ")" + value
		want += ai + value + separator
	}
}

func same0(ai, value string) (string, string) { return "(" + ai + ")" + value, ai + value }

// zbarSettings are what zbar must be told where it does not look by itself.
var zbarSettings = map[string][]string{
	"qr":      nil,
	"ean8":    nil,
	"ean13":   nil,
	"upca":    {"-Supca.enable"},
	"upce":    {"-Supce.enable"},
	"code39":  nil,
	"code93":  nil,
	"code128": nil,
	"itf":     nil,
	"itf14":   nil,
	"codabar": nil,
	"gs1-128": nil,
}

func TestEverySymbologyHasASet(t *testing.T) {
	for _, e := range symbol.Encoders {
		if texts[e.Name] == nil {
			t.Errorf("%s has no generated set", e.Name)
		}
	}
}

func TestZbarReadsEverySymbology(t *testing.T) {
	for name, settings := range zbarSettings {
		t.Run(name, func(t *testing.T) {
			set := samples(t, name)
			for i, got := range zbarRead(t, set, settings) {
				if got != set[i].want {
					t.Errorf("%q: zbar reads %q, want %q", set[i].text, got, set[i].want)
				}
			}
		})
	}
}

// zbarRead gives all images to one process and returns what it reads in each;
// several symbols, which would be false ones, are joined.
func zbarRead(t *testing.T, set []sample, settings []string) []string {
	t.Helper()
	arguments := append([]string{"--quiet", "--xml"}, settings...)
	index := map[string]int{}
	for i, s := range set {
		arguments = append(arguments, s.path)
		index[s.path] = i
	}
	// Exit code 4 says that an image had no symbol; the test sees which.
	out, _ := exec.Command("zbarimg", arguments...).Output()
	// An XML parser takes carriage returns for ends of lines.
	const carriageReturn = "\ue00d"
	out = bytes.ReplaceAll(out, []byte("\r"), []byte(carriageReturn))
	var answer struct {
		Source []struct {
			Href   string `xml:"href,attr"`
			Symbol []struct {
				Data struct {
					Format string `xml:"format,attr"`
					Text   string `xml:",chardata"`
				} `xml:"data"`
			} `xml:"index>symbol"`
		} `xml:"source"`
	}
	if err := xml.Unmarshal(out, &answer); err != nil {
		t.Fatalf("parse zbar's answer: %v", err)
	}
	read := make([]string, len(set))
	for _, source := range answer.Source {
		for _, s := range source.Symbol {
			text := strings.ReplaceAll(s.Data.Text, carriageReturn, "\r")
			if s.Data.Format == "base64" {
				decoded, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					t.Fatalf("decode zbar's answer: %v", err)
				}
				text = string(decoded)
			}
			read[index[source.Href]] += text
		}
	}
	return read
}
