package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	imagedraw "image/draw"
	"image/png"
	"net/http"
	"slices"
	"strings"
)

// The page can be installed: a manifest, icons, and a worker that keeps the
// page's shell for when there is no connection.

const iconCells = 14

// iconBoxes are the icon's squares from back to front, on a grid of 14 cells: the
// eye of a QR code, within the circle that masks leave.
var iconBoxes = []struct {
	x, y, size int
	fill       color.RGBA
}{
	{0, 0, iconCells, color.RGBA{0x0b, 0x5f, 0x4b, 255}},
	{3, 3, 6, color.RGBA{255, 255, 255, 255}},
	{4, 4, 4, color.RGBA{0x0b, 0x5f, 0x4b, 255}},
	{5, 5, 2, color.RGBA{255, 255, 255, 255}},
	{10, 3, 1, color.RGBA{255, 255, 255, 255}},
	{10, 6, 1, color.RGBA{255, 255, 255, 255}},
	{3, 10, 1, color.RGBA{255, 255, 255, 255}},
	{6, 10, 1, color.RGBA{255, 255, 255, 255}},
	{9, 9, 2, color.RGBA{0x9f, 0xe3, 0xcf, 255}},
}

func iconSVG() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">`, iconCells, iconCells)
	for _, box := range iconBoxes {
		fmt.Fprintf(&b, `<path fill="#%02x%02x%02x" d="M%d %dh%dv%dh-%dz"/>`, box.fill.R, box.fill.G, box.fill.B, box.x, box.y, box.size, box.size, box.size)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// iconSizes are those that phones and desktops ask for, by path.
var iconSizes = map[string]int{"/icon-180.png": 180, "/icon-192.png": 192, "/icon-512.png": 512}

func iconPNG(size int) ([]byte, error) {
	canvas := image.NewRGBA(image.Rect(0, 0, size, size))
	for _, box := range iconBoxes {
		area := image.Rect(box.x*size/iconCells, box.y*size/iconCells, (box.x+box.size)*size/iconCells, (box.y+box.size)*size/iconCells)
		imagedraw.Draw(canvas, area, image.NewUniform(box.fill), image.Point{}, imagedraw.Src)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		return nil, fmt.Errorf("encode icon: %w", err)
	}
	return b.Bytes(), nil
}

// serveIcon answers GET for each of iconSizes.
func (a *App) serveIcon(w http.ResponseWriter, r *http.Request) {
	body, err := iconPNG(iconSizes[r.URL.Path])
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(body)
}

type manifestIcon struct {
	Source  string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

// serveManifest answers GET /manifest.webmanifest.
func (a *App) serveManifest(w http.ResponseWriter, r *http.Request) {
	l := a.page.languages.choose(w, r)
	icons := []manifestIcon{{a.assets["icon.svg"].address, "any", "image/svg+xml", "any"}}
	for _, size := range []string{"192", "512"} {
		for _, purpose := range []string{"any", "maskable"} {
			icons = append(icons, manifestIcon{"/icon-" + size + ".png", size + "x" + size, "image/png", purpose})
		}
	}
	w.Header().Set("Cache-Control", "no-cache")
	writeJSON(w, http.StatusOK, "application/manifest+json", map[string]any{
		"name": l.text("QR codes and barcodes"), "short_name": "yces", "description": l.text("Made to scan: every code is read back before you see it."),
		"lang": l.Code, "id": "/", "start_url": "/", "scope": "/", "display": "standalone",
		"background_color": "#f4f3ee", "theme_color": "#0b5f4b", "icons": icons,
	})
}

// serveWorker answers GET /sw.js: the worker's version is that of the files that
// it keeps, so that a new release replaces the old one's.
func (a *App) serveWorker(w http.ResponseWriter, _ *http.Request) {
	var shell []string
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		shell = append(shell, a.assets[name].address)
	}
	slices.Sort(shell)
	list, err := json.Marshal(shell)
	if err != nil {
		// Only strings come here.
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	// What the worker fetches is judged by its own policy, not by the page's.
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'")
	_, _ = w.Write([]byte(strings.Replace(string(a.assets["sw.js"].body), "[]", string(list), 1)))
}
