// Package web is the app's face: the HTTP API, the page, health, metrics and
// the middleware around them. Making symbols is the business of payload, symbol
// and render.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
)

// Config is what the app is told by its settings.
type Config struct {
	// Build says what runs here.
	Build Build
	// TrustedProxies are the peers whose X-Forwarded-For, X-Forwarded-Proto and
	// X-Request-Id are believed.
	TrustedProxies []netip.Prefix
	// RateLimit is how many requests a client may send; the zero value: any number.
	RateLimit RateLimit
	// CacheBytes is how much the answers may take that are kept; 0: none is.
	CacheBytes int
	Log        *slog.Logger
}

// Build says what runs here; GET /version returns it.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	// Digest is the start of the SHA-256 of the program file: it differs
	// whenever the program does, even where nobody set a version.
	Digest string `json:"digest"`
	// Host names the container or, where compose.yaml says so, the node.
	Host string `json:"host"`
}

// App serves symbols. Its methods may be used by many goroutines.
type App struct {
	cfg      Config
	assets   assets
	page     *page
	metrics  *metrics
	cache    *cache
	flights  singleflight.Group
	limiter  *limiter
	slots    slots
	openapi  *picture
	scans    *scanGate
	draining atomic.Bool
}

// New returns an app that is ready at once.
func New(cfg Config) (*App, error) {
	// Without a limit there may be a proxy that hides who asks.
	apart := cfg.RateLimit.PerSecond > 0
	a := &App{cfg: cfg, cache: newCache(cfg.CacheBytes), limiter: newLimiter(cfg.RateLimit), slots: newSlots(apart), scans: newScanGate(apart)}
	a.metrics = newMetrics(cfg.Build, a.cache)
	document, err := apiDocument(cfg.Build)
	if err != nil {
		return nil, err
	}
	a.openapi = newPicture(document, "application/json")
	if a.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if a.page, err = loadPage(); err != nil {
		return nil, err
	}
	return a, nil
}

// StartDrain makes /readyz fail and every answer ask its client to open a new
// connection, which the balancer then leads elsewhere. Everything else goes on:
// connections that wait for a request stay open, because closing them would
// lose a request that is on its way.
func (a *App) StartDrain() {
	a.draining.Store(true)
	a.metrics.draining.Store(1)
}

// Handler returns the public routes.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.servePage)
	mux.HandleFunc("POST /{$}", a.postPage)
	mux.HandleFunc("POST /preview", a.servePreview)
	mux.HandleFunc("POST /download/{format}", a.serveDownload)
	mux.HandleFunc("GET /scan", a.serveScanPage)
	mux.HandleFunc("POST /scan", a.postScanPage)
	mux.HandleFunc("POST /api/v1/scan", a.postScan)
	mux.HandleFunc("GET /api/v1/scan", methodNotAllowed("POST"))
	mux.HandleFunc("GET /static/vendor/{file...}", serveReader)
	mux.HandleFunc("GET /static/{file}", a.assets.serve)
	mux.HandleFunc("GET /api", a.serveManual)
	mux.HandleFunc("GET /api/openapi.json", a.serveOpenAPI)
	mux.HandleFunc("GET /batch", a.serveBatchPage)
	mux.HandleFunc("POST /batch", a.postBatchPage)
	mux.HandleFunc("GET /batch/example.csv", a.serveBatchExample)
	mux.HandleFunc("POST /api/v1/batch", a.postBatch)
	mux.HandleFunc("GET /api/v1/batch", methodNotAllowed("POST"))
	mux.HandleFunc("GET /manifest.webmanifest", a.serveManifest)
	mux.HandleFunc("GET /sw.js", a.serveWorker)
	for path := range iconSizes {
		mux.HandleFunc("GET "+path, a.serveIcon)
	}
	mux.HandleFunc("GET /api/v1/{file}", a.getSymbol)
	mux.HandleFunc("POST /api/v1/{file}", a.postSymbol)
	mux.HandleFunc("/api/v1/{file}", methodNotAllowed("GET, HEAD, POST"))
	mux.HandleFunc("GET /healthz", a.serveHealth)
	mux.HandleFunc("GET /readyz", a.serveReady)
	mux.HandleFunc("GET /version", a.serveVersion)
	mux.HandleFunc("/", notFound)
	return a.chain(mux)
}
