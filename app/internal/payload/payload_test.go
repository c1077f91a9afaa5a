package payload

import (
	"strings"
	"testing"
)

func encode(t *testing.T, kind, data string) (string, error) {
	t.Helper()
	k, err := ByName(kind)
	if err != nil {
		t.Fatal(err)
	}
	return k.Encode(func(field string) string {
		if field != "data" {
			t.Errorf("asked for field %q", field)
		}
		return data
	})
}

func TestTextIsKeptToTheByte(t *testing.T) {
	for _, data := range []string{" a b ", "Zeile 1\nZeile 2", "日本", "\x00"} {
		if got, err := encode(t, "", data); err != nil || got != data {
			t.Errorf("text %q = %q, %v", data, got, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	tests := []struct{ kind, data, says string }{
		{"text", "", "empty"},
		{"text", "\xff", "UTF-8"},
		{"url", " ", "empty"},
		{"url", "example.org", "https://"},
		{"url", "javascript:alert(1)", "https://"},
		{"url", "https://", "https://"},
		{"url", "https://example.org/a b", "spaces"},
		{"url", "http://[::1", "https://"},
	}
	for _, tt := range tests {
		if _, err := encode(t, tt.kind, tt.data); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s %q: %v, want %q", tt.kind, tt.data, err, tt.says)
		}
	}
}

func TestURLIsTrimmedAndOtherwiseKept(t *testing.T) {
	if got, err := encode(t, "url", " https://example.org/ä?q=1#f \n"); err != nil || got != "https://example.org/ä?q=1#f" {
		t.Errorf("url = %q, %v", got, err)
	}
}

func TestUnknownKindNamesTheKnown(t *testing.T) {
	if _, err := ByName("wifi2"); err == nil || !strings.Contains(err.Error(), `text, url, got "wifi2"`) {
		t.Errorf("unknown kind: %v", err)
	}
}
