package web

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ycesproject/yces/app/internal/fault"
)

// unpack returns an archive's files by name, and the report's lines.
func unpack(t *testing.T, w *httptest.ResponseRecorder) (map[string]string, [][]string) {
	t.Helper()
	if w.Code != 200 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	archive, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(body)
	}
	report, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(files["report.csv"], "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return files, report
}

func TestABatchHasAPictureForEachGoodRowAndALineForAll(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	table := "\ufeffName;Symbology;Data;fg\r\n" +
		"Grüße/Köln;;https://example.org/ä;\r\n" +
		"grüße Köln;ean13;400638133393;navy\r\n" +
		"\r\n" +
		";ean13;4006381333930;\r\n" +
		"\"two\r\nlines\";code128;A;yellow\r\n" +
		"../../con;qr;\"say \"\"hi\"\"; now\";\r\n"
	files, report := unpack(t, do(a, "POST", "/api/v1/batch?format=svg", "text/csv; charset=utf-8", table))
	want := [][]string{
		{"row", "file", "outcome", "faults"},
		{"2", "Grüße-Köln.svg", "made", ""},
		{"3", "grüße-Köln-2.svg", "made", ""},
		{"5", "", "left out", "data: has the wrong check digit: the last digit must be 1, got 0"},
	}
	for i, line := range want {
		if fmt.Sprint(report[i]) != fmt.Sprint(line) {
			t.Errorf("report has %q, want %q", report[i], line)
		}
	}
	if len(report) != 6 || report[4][2] != "left out" || !strings.HasPrefix(report[4][3], "fg: ") || report[4][0] != "6" || report[5][1] != "con.svg" && report[5][1] != "file-con.svg" {
		t.Errorf("report is %q", report)
	}
	if len(files) != 4 {
		t.Errorf("%d files, want 4", len(files))
	}
	single := do(a, "GET", "/api/v1/ean13.svg?data=400638133393&fg=navy", "", "").Body.String()
	if files["grüße-Köln-2.svg"] != single {
		t.Error("the picture is not the one that the same parameters give by themselves")
	}
}

func TestOneBadRowSpoilsAllWhereThatIsAskedFor(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	w := do(a, "POST", "/api/v1/batch?bad=refuse&symbology=ean13", "text/csv", "data\n400638133393\nx\n4006381333930\n")
	for _, says := range []string{`"field":"row 3, data"`, `"field":"row 4, data"`} {
		if w.Code != 400 || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%d %s, want %s", w.Code, w.Body, says)
		}
	}
	unpack(t, do(a, "POST", "/api/v1/batch?bad=refuse&symbology=ean13", "text/csv", "data\n400638133393\n"))
}

func TestTablesThatCannotBeReadSayWhy(t *testing.T) {
	tests := []struct{ table, query, says string }{
		{"", "", "names the columns"},
		{"data\n", "", "at least one row"},
		{";;\n1;2\n", "", "names the columns"},
		{"sep=;\n", "", "names the columns"},
		{"https://example.org\nx\n", "", "is no parameter"},
		{"data,data\nx,y\n", "", `two columns \"data\"`},
		{"data\nGr\xfc\xdfe\n", "", "UTF-8"},
		{"data\n" + strings.Repeat("x\n", maxRows+1), "", "at most 5000 rows"},
		{"data\nx\n", "?bad=maybe", "skip or refuse"},
		{"data\nx\n", "?symbology=nope", "There is no"},
		{"data\nx\n", "?nope=1", "is not a parameter"},
	}
	for _, tt := range tests {
		w := do(newApp(t, &bytes.Buffer{}), "POST", "/api/v1/batch"+tt.query, "text/csv", tt.table)
		if w.Code != 400 || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%.40q: %d %s, want %s", tt.table, w.Code, w.Body, tt.says)
		}
	}
}

func TestBrokenRowsAreReportedAndTheOthersMade(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	_, report := unpack(t, do(a, "POST", "/api/v1/batch", "text/csv", "name,data\none,1\na,b,c\n\"x\"y,2\nlast,3\n"))
	if len(report) != 5 || report[1][2] != "made" || !strings.Contains(report[2][3], "3 cells for 2 columns") || !strings.Contains(report[3][3], "not well-formed") || report[4][1] != "last.png" {
		t.Errorf("report is %q", report)
	}
}

func TestTablesAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	for name, table := range map[string]string{
		"said separator":        "sep=;\r\nname;data\r\none;a,b,c,d\r\n",
		"quoted, and a mark":    "\ufeff\"sep=;\"\nname;data\none;a,b,c,d\n",
		"said comma":            "SEP=,,,\nname,data,,\n\n" + `one,"a,b,c,d"`,
		"said tab":              "sep=\t\nname\tdata\none\ta,b,c,d",
		"a column without name": "name;data;;\none;a,b,c,d;; \n",
		"cells without column":  "name;data\none;a,b,c,d;;\n",
		"ends of lines by CR":   "name;data\rone;a,b,c,d\r",
		"an empty line before":  "\nname;data\none;a,b,c,d\n",
	} {
		found, err := parseTable([]byte(table))
		if err != nil || len(found.rows) != 1 {
			t.Errorf("%s: %v, %d rows", name, err, len(found.rows))
			continue
		}
		if values, err := found.values(found.rows[0], nil); err != nil || values.Encode() != "data=a%2Cb%2Cc%2Cd&name=one" {
			t.Errorf("%s: %v, %v", name, values, err)
		}
	}
	table := "sep=;\nsymbology;format;data;\n EAN13 ;SVG;400638133393;\nQR; ;x;\nqr;png;x;y\n"
	files, report := unpack(t, do(a, "POST", "/api/v1/batch", "text/csv", table))
	if len(files) != 3 || report[1][0] != "3" || report[1][1] != "0001.svg" || report[2][2] != rowMade || !strings.Contains(report[3][3], "column 4, which has no name") {
		t.Errorf("report is %q", report)
	}
}

func multipartBody(t *testing.T, table string, fields map[string]string) (mediaType, body string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("file", "codes.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(file, table)
	for name, value := range fields {
		_ = form.WriteField(name, value)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), b.String()
}

func TestThePageWorksWithoutScript(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	if w := do(a, "GET", "/batch", "", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `name="file"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	mediaType, body := multipartBody(t, do(a, "GET", "/batch/example.csv", "", "").Body.String(), map[string]string{"symbology": "qr", "format": "svg", "bad": "refuse"})
	files, _ := unpack(t, do(a, "POST", "/batch", mediaType, body))
	for _, name := range []string{"home-page.svg", "coffee.svg", "shelf-12-left.svg"} {
		if !strings.HasPrefix(files[name], "<svg") {
			t.Errorf("the example has no %s", name)
		}
	}
	mediaType, body = multipartBody(t, "nope\n1\n", nil)
	if w := do(a, "POST", "/batch", mediaType, body); w.Code != 400 || !strings.Contains(w.Body.String(), "is no parameter") || !strings.Contains(w.Body.String(), "<form") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestLabelsArePrintedOnSheets(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	table := "data,caption\n400638133393,Coffee\n4006381333930,Wrong\n"
	files, report := unpack(t, do(a, "POST", "/api/v1/batch?symbology=ean13&sheet=a4-3x8", "text/csv", table))
	if !strings.HasPrefix(files["labels.pdf"], "%PDF-") || report[1][1] != "labels.pdf" || report[2][2] != "left out" {
		t.Errorf("%d bytes of labels, report %q", len(files["labels.pdf"]), report)
	}
	w := do(a, "POST", "/api/v1/batch?symbology=ean13&sheet=a4-3x8&bad=refuse", "text/csv", table)
	if w.Code != 400 || !strings.Contains(w.Body.String(), `"row 3, data"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = do(a, "POST", "/api/v1/batch?symbology=ean13&sheet=letter-3x10&bad=refuse", "text/csv", "data\n400638133393\n")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !strings.HasSuffix(strings.TrimSpace(w.Body.String()), "%%EOF") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = do(a, "POST", "/api/v1/batch?sheet=a4-5x13&bad=refuse", "text/csv", "data\n"+strings.Repeat("x", 2000)+"\n")
	if w.Code != 400 || !strings.Contains(w.Body.String(), "label") {
		t.Errorf("too long for a label: %d %s", w.Code, w.Body)
	}
	if w := do(a, "POST", "/api/v1/batch?sheet=a5", "text/csv", "data\nx\n"); w.Code != 400 || !strings.Contains(w.Body.String(), "a4-3x8") {
		t.Errorf("unknown sheet: %d %s", w.Code, w.Body)
	}
}

func TestEverySheetFitsItsPage(t *testing.T) {
	for _, g := range grids {
		if err := g.sheet.Check(); err != nil {
			t.Errorf("%s: %v", g.Name, err)
		}
	}
}

func TestTooLargeTooManyAndTheWrongKindAreRefused(t *testing.T) {
	a := newApp(t, &bytes.Buffer{})
	if w := do(a, "POST", "/api/v1/batch", "text/csv", strings.Repeat("x", maxBatchBody+1)); w.Code != 413 {
		t.Errorf("too large: %d", w.Code)
	}
	if w := do(a, "POST", "/api/v1/batch", "application/json", "{}"); w.Code != 415 {
		t.Errorf("wrong kind: %d", w.Code)
	}
	for range maxBatches {
		a.slots.batches <- struct{}{}
	}
	if w := do(a, "POST", "/api/v1/batch", "text/csv", "data\nx\n"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("too many: %d %v", w.Code, w.Header())
	}
}

func TestFileNamesAreSafeAndDifferent(t *testing.T) {
	names := fileNames{}
	for _, tt := range []struct{ wanted, want string }{
		{"", "0007.png"},
		{"", "0007-2.png"},
		{"a/b\\c:d", "a-b-c-d.png"},
		{"A-B c D", "A-B-c-D-2.png"},
		{"..", "0007-3.png"},
		{"../../etc/passwd", "etc-passwd.png"},
		{"NUL", "file-NUL.png"},
		{"Lpt1.txt", "file-Lpt1.txt.png"},
		{"日本 é", "日本-é.png"},
		{"a\x00b\u202ec", "a-b-c.png"},
		{strings.Repeat("ü", 200), strings.Repeat("ü", 80) + ".png"},
	} {
		if got := names.next(tt.wanted, 7, "png"); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.wanted, got, tt.want)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("\ufeffname;data\r\n\"a\nb\";x\r\n\"broken\"x;y\r\n"))
	f.Add([]byte("data\tfg\nx\ty\tz\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		table, err := parseTable(file)
		var faults fault.List
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("%v is no fault of the file", err)
		}
		names := fileNames{}
		for i, row := range table.rows {
			values, err := table.values(row, nil)
			if err != nil && !errors.As(err, &faults) {
				t.Fatalf("%v is no fault of the row", err)
			}
			name := names.next(values.Get(columnName), i, "png")
			if strings.ContainsAny(name, "/\\:\x00") || strings.HasPrefix(name, ".") {
				t.Fatalf("file name %q", name)
			}
		}
	})
}
