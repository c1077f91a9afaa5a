package symbol

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/fault"
)

func mustEncode(t *testing.T, name, text string, o Options) *Symbol {
	t.Helper()
	e, ok := ByName(name)
	if !ok {
		t.Fatalf("no encoder %q", name)
	}
	s, err := e.Encode(text, o)
	if err != nil {
		t.Fatalf("encode %s %q: %v", name, text, err)
	}
	return s
}

func TestCheckDigitsOfPublishedNumbers(t *testing.T) {
	// GS1 General Specifications section 7.9, and numbers printed on real goods.
	for _, number := range []string{"6291041500213", "4006381333931", "9780306406157", "5901234123457", "96385074", "036000291452", "0000000000000"} {
		last := len(number) - 1
		if got := gs1CheckDigit(number[:last]); got != number[last] {
			t.Errorf("check digit of %s = %c", number, got)
		}
	}
}

func TestEAN13CompletesOrChecksTheCheckDigit(t *testing.T) {
	for _, text := range []string{"400638133393", "4006381333931", "4 006381 333931", "978-0-306-40615-7"} {
		s := mustEncode(t, "ean13", text, Options{})
		if s.Width != 95 || len(s.Rows) != 2 {
			t.Errorf("%s: %d modules, %d rows", text, s.Width, len(s.Rows))
		}
	}
	s := mustEncode(t, "ean13", "400638133393", Options{})
	if got := s.Labels[0].Text + " " + s.Labels[1].Text + " " + s.Labels[2].Text; got != "4 006381 333931" {
		t.Errorf("human-readable text = %q", got)
	}
	if s.Quiet.Left != 11 || s.Quiet.Right != 7 {
		t.Errorf("quiet zones = %+v, the standard has 11 and 7", s.Quiet)
	}
}

// TestEAN13Modules compares with the pattern worked out by hand from the
// standard's tables: number sets A B A A B B for the first digit 4.
func TestEAN13Modules(t *testing.T) {
	want := "101" + "0001101" + "0100111" + "0101111" + "0111101" + "0001001" + "0110011" +
		"01010" + "1000010" + "1000010" + "1000010" + "1110100" + "1000010" + "1100110" + "101"
	s := mustEncode(t, "ean13", "4006381333931", Options{})
	var got strings.Builder
	for _, dark := range s.Rows[0].Modules {
		got.WriteByte("01"[map[bool]int{true: 1}[dark]])
	}
	if got.String() != want {
		t.Errorf("modules\n got %s\nwant %s", got.String(), want)
	}
}

// Examples of the GS1 General Specifications and of UPC-E's four forms.
func TestUPCEIsAShortenedUPCA(t *testing.T) {
	for full, want := range map[string]string{
		"012345000058": "01234558", "012100003454": "01234514", "012300000451": "01234531", "012340000059": "01234549",
	} {
		short, err := shortenUPCA(full[:11] + string(gs1CheckDigit(full[:11])))
		if err != nil || short[:7] != want[:7] {
			t.Errorf("%s is shortened to %s, %v, want %s", full, short, err, want[:7])
			continue
		}
		if expandUPCE(short[:7]) != full[:11] {
			t.Errorf("%s stands for %s, want %s", short, expandUPCE(short[:7]), full[:11])
		}
	}
	for _, text := range []string{"123456", "0123456", "01234565", "012345000065", "01234500006"} {
		s := mustEncode(t, "upce", text, Options{})
		if got := s.Labels[0].Text + s.Labels[1].Text + s.Labels[2].Text; got != "01234565" || s.Width != 51 {
			t.Errorf("%s reads %s, %d modules", text, got, s.Width)
		}
	}
}

func TestSeparatorsStandOnlyWhereNeeded(t *testing.T) {
	for text, want := range map[string]string{
		"(01)09501101530003(17)261231(10)AB-123":     "01095011015300031726123110AB-123",
		"(10)AB-123(01)09501101530003":               "10AB-123\x1d0109501101530003",
		"(422)276(3103)001750(21)1(2)":               "422276\x1d31030017502" + "11(2)",
		"(402)12345678901234560(8005)000365(37)12":   "40212345678901234560\x1d8005000365\x1d3712",
		"(255)9501101020917123456(415)9501101020917": "2559501101020917123456\x1d4159501101020917",
	} {
		elements, err := parseElements(text)
		if got := elementString(elements); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", text, got, err, want)
		}
		mustEncode(t, "gs1-128", text, Options{})
	}
}

// A value for each of what the General Specifications list apart from measures.
func TestEveryApplicationIdentifierIsKnown(t *testing.T) {
	for _, text := range []string{
		"(03)09501101530003", "(17)240229", "(17)260200", "(427)BY", "(4300)Shop", "(4305)Town", "(4307)DE", "(4309)02790858483015297971",
		"(4320)Fragile", "(4321)1", "(4324)2611229999", "(4326)261122", "(4331)000500-", "(7003)2611221830", "(7005)27.7", "(7007)261122", "(7007)261122261123",
		"(7010)22", "(7011)2611221830", "(7020)A1", "(7023)950110153AB", "(7039)276X1", "(7040)1ABC", "(713)1", "(714)1", "(715)1", "(716)1",
		"(7230)EM1", "(7240)P1", "(7241)01", "(7242)X", "(8006)095011015300030102", "(8008)2611221830", "(8009)S", "(8010)95011015A", "(8011)12", "(8012)1.2",
		"(8013)1987654Ad4X4bL5ttr2310c2K", "(8019)1", "(8026)095011015300030102", "(8030)abc-_", "(8110)1061414154321031501101", "(8111)0500", "(8112)1", "(8200)https://example.org",
		"(3165)000001", "(3943)0500", "(3955)000123",
	} {
		if _, err := parseElements(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRetailTextStandsBelowItsBars(t *testing.T) {
	for _, tt := range []struct{ name, text, printed string }{
		{"ean8", "9638507", "9638 5074"},
		{"upca", "03600029145", "0 36000 29145 2"},
		{"upce", "123456", "0 123456 5"},
		{"itf14", "1540014128876", "1 54 00141 28876 3"},
	} {
		s := mustEncode(t, tt.name, tt.text, Options{})
		var printed []string
		for _, l := range s.Labels {
			printed = append(printed, l.Text)
			end := l.X + l.Advance*float64(len(l.Text))
			if l.X < -float64(s.Quiet.Left) || end > float64(s.Width+s.Quiet.Right) {
				t.Errorf("%s: text %q reaches from %v to %v", tt.name, l.Text, l.X, end)
			}
		}
		if got := strings.Join(printed, " "); got != tt.printed {
			t.Errorf("%s: human-readable text %q, want %q", tt.name, got, tt.printed)
		}
	}
}

func TestFaultsNameWhatIsRight(t *testing.T) {
	tests := []struct{ name, text, level, field, says string }{
		{"ean13", "4006381333930", "", "data", "must be 1, got 0"},
		{"ean13", "12345", "", "data", "got 5"},
		{"ean13", "40063813339x", "", "data", "12 or 13 digits"},
		{"ean8", "96385073", "", "data", "must be 4, got 3"},
		{"upca", "036000291453", "", "data", "must be 2, got 3"},
		{"upce", "01234566", "", "data", "must be 5, got 6"},
		{"upce", "1234565", "", "data", "number system 0"},
		{"upce", "0120003", "", "data", "written as 01200003"},
		{"upce", "036000291452", "", "data", "use UPC-A"},
		{"itf14", "15400141288762", "", "data", "must be 3, got 2"},
		{"itf", "1234567", "", "data", "put a 0 before"},
		{"itf", "1234", "", "data", "6 to 48 digits"},
		{"gs1-128", "0109501101530003", "", "data", "in brackets"},
		{"gs1-128", "(01)09501101530004", "", "data", "must be 3, got 4"},
		{"gs1-128", "(00)123456789012345678", "", "data", "must be 5, got 8"},
		{"gs1-128", "(17)261331", "", "data", "YYMMDD"},
		{"gs1-128", "(17)260231", "", "data", "a date YYMMDD after (17), got 260231"},
		{"gs1-128", "(17)250229", "", "data", "YYMMDD"},
		{"gs1-128", "(7006)260200", "", "data", "YYMMDD"},
		{"gs1-128", "(7007)260201260230", "", "data", "got 260230"},
		{"gs1-128", "(7007)2602012602", "", "data", "6 or 12 digits after (7007), got 10"},
		{"gs1-128", "(8006)095011015300040102", "", "data", "digit 14 must be 3, got 4"},
		{"gs1-128", "(3106)000001", "", "data", "unknown application identifier (3106)"},
		{"gs1-128", "(3170)000001", "", "data", "unknown application identifier (3170)"},
		{"gs1-128", "(01)123", "", "data", "14 digits after (01), got 3"},
		{"gs1-128", "(88)123", "", "data", "unknown application identifier (88)"},
		{"gs1-128", "(10)AB 12", "", "data", "' ' after (10)"},
		{"gs1-128", "(30)12A", "", "data", "digits after (30)"},
		{"gs1-128", "(91)" + strings.Repeat("x", 47), "", "data", "at most 48"},
		{"datamatrix", strings.Repeat("a", 1305), "", "data", "1305 codewords of 1304"},
		{"datamatrix", "Grüße", "", "data", "'ü' at character 3"},
		{"datamatrix", "", "", "data", "at least 1"},
		{"pdf417", strings.Repeat("é", 1000), "", "data", "there are 928"},
		{"aztec", strings.Repeat("a", 801), "", "data", "at most 800"},
		{"aztec", "\x1d01", "", "data", "GS"},
		{"code39", "Abc", "", "data", "'b' at character 2"},
		{"code39", "", "", "data", "at least 1"},
		{"code93", strings.Repeat("x", 49), "", "data", "at most 48"},
		{"codabar", "A1E4B", "", "data", "'E' at character 2"},
		{"codabar", "C1D", "", "data", "at least 2"},
		{"code128", "Grüße", "", "data", "'ü' at character 3"},
		{"code128", strings.Repeat("x", 81), "", "data", "at most 80 characters"},
		{"code128", "", "", "data", "at least 1"},
		{"qr", "", "", "data", "at least 1"},
		{"code128", "x", "H", "level", "Code 128"},
		{"qr", "x", "X", "level", "M, L, Q, H"},
		{"qr", strings.Repeat("x", 2954), "L", "data", "2954 bytes"},
		{"qr", strings.Repeat("é", 1500), "L", "data", "3000 bytes"},
	}
	for _, tt := range tests {
		e, _ := ByName(tt.name)
		_, err := e.Encode(tt.text, Options{Level: tt.level})
		var faults fault.List
		if !errors.As(err, &faults) {
			t.Errorf("%s %.20q: %v, want faults", tt.name, tt.text, err)
			continue
		}
		if faults[0].Field != tt.field || !strings.Contains(faults[0].Detail, tt.says) {
			t.Errorf("%s %.20q: %v, want %s … %s", tt.name, tt.text, faults, tt.field, tt.says)
		}
	}
}

func TestQRLevelsAreTheStandards(t *testing.T) {
	// Byte mode capacity of version 40, ISO/IEC 18004 table 7.
	for level, capacity := range map[string]int{"L": 2953, "M": 2331, "Q": 1663, "H": 1273} {
		if s := mustEncode(t, "qr", strings.Repeat("x", capacity), Options{Level: level}); s.Width != 177 {
			t.Errorf("%s: %d modules", level, s.Width)
		}
		e, _ := ByName("qr")
		if _, err := e.Encode(strings.Repeat("x", capacity+1), Options{Level: level}); err == nil {
			t.Errorf("%s holds more than the standard's %d bytes", level, capacity)
		}
	}
}

func TestQRQuietZoneIsFourModules(t *testing.T) {
	s := mustEncode(t, "qr", "HELLO", Options{})
	if w, h := s.Size(); w != 21+8 || h != 21+8 || !s.Rows[0].Modules[0] {
		t.Errorf("size %d × %d, first module dark: %v", w, h, s.Rows[0].Modules[0])
	}
}

// Encode reads every symbol back, so that no error means it was read.
func TestManyTextsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabets := []string{"0123456789", "ABC123 $%*+-./:", "abcXYZ019 ~!\"#", "äöüß€ñ", "日本語テキスト", "😀🚀 ok"}
	for i := range 300 {
		letters := []rune(alphabets[i%len(alphabets)])
		text := make([]rune, 1+random.IntN(120))
		for j := range text {
			text[j] = letters[random.IntN(len(letters))]
		}
		mustEncode(t, "qr", string(text), Options{Level: []string{"L", "M", "Q", "H"}[i%4]})
	}
	for range 300 {
		text := make([]byte, 1+random.IntN(80))
		for j := range text {
			text[j] = byte(random.IntN(128))
		}
		mustEncode(t, "code128", string(text), Options{})
		digits := make([]byte, 12)
		for j := range digits {
			digits[j] = byte('0' + random.IntN(10))
		}
		mustEncode(t, "ean13", string(digits), Options{})
	}
}

func TestAMisreadSymbolIsRefused(t *testing.T) {
	broken := qr
	broken.encode = func(text string, o Options) (*Symbol, string, error) {
		s, want, err := encodeQR(text, o)
		for y := range s.Rows[:12] {
			clear(s.Rows[y].Modules)
		}
		return s, want, err
	}
	if _, err := broken.Encode("HELLO", Options{}); !errors.Is(err, ErrMisread) {
		t.Errorf("broken matrix: %v, want ErrMisread", err)
	}
	other := qr
	other.encode = func(_ string, o Options) (*Symbol, string, error) { return encodeQR("other", o) }
	other.decode = func(*Symbol) (string, error) { return "else", nil }
	if _, err := other.Encode("HELLO", Options{}); !errors.Is(err, ErrMisread) {
		t.Errorf("other text: %v, want ErrMisread", err)
	}
}

func FuzzEncode(f *testing.F) {
	for i := range Encoders {
		for _, text := range []string{"https://example.org", "400638133393", "012345000065", "12345678", "AB-12", "(01)09501101530003(10)AB-123", "A40156B", "\x1dé\x00"} {
			f.Add(uint8(i), text)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		e := Encoders[int(which)%len(Encoders)]
		_, err := e.Encode(strings.ToValidUTF8(text, ""), Options{})
		var faults fault.List
		if err != nil && !errors.As(err, &faults) {
			t.Errorf("%s %q: %v", e.Name, text, err)
		}
	})
}

func BenchmarkQR(b *testing.B) {
	for name, text := range map[string]string{"url": "https://example.org/some/path?query=value", "utf8": "Grüße aus Köln, schönes Wetter hier"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := qr.Encode(text, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
