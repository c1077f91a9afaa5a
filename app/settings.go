package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ycesproject/yces/app/internal/web"
)

// settings come from the environment; docs/app.md explains each.
type settings struct {
	addr      string
	adminAddr string // empty: no admin listener
	drain     time.Duration
	proxies   []netip.Prefix
	level     slog.Level
	limit     web.RateLimit
	cache     int // bytes
}

const (
	maxDrain = 10 * time.Minute
	maxRate  = 1_000_000
	maxCache = 4096 // MiB
)

// readSettings returns one error that lists every fault.
func readSettings(getenv func(string) string) (settings, error) {
	get := func(name, otherwise string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	var s settings
	var faults []error
	check := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	s.addr = get("APP_ADDR", ":8080")
	check("APP_ADDR", checkAddress(s.addr))
	if s.adminAddr = get("APP_ADMIN_ADDR", "127.0.0.1:9090"); s.adminAddr == "off" {
		s.adminAddr = ""
	} else {
		check("APP_ADMIN_ADDR", checkAddress(s.adminAddr))
	}
	var err error
	s.drain, err = time.ParseDuration(get("APP_DRAIN", "15s"))
	if err != nil || s.drain < 0 || s.drain > maxDrain {
		check("APP_DRAIN", fmt.Errorf("must be a duration from 0s to %s such as 15s, got %q", maxDrain, getenv("APP_DRAIN")))
	}
	s.proxies, err = parsePrefixes(getenv("APP_TRUSTED_PROXIES"))
	check("APP_TRUSTED_PROXIES", err)
	if err := s.level.UnmarshalText([]byte(get("APP_LOG_LEVEL", "info"))); err != nil {
		check("APP_LOG_LEVEL", fmt.Errorf("must be debug, info, warn or error, got %q", getenv("APP_LOG_LEVEL")))
	}
	s.limit.PerSecond, err = parseRate(get("APP_RATE_LIMIT", "20"))
	check("APP_RATE_LIMIT", err)
	s.limit.Burst, err = parseCount(get("APP_RATE_BURST", "100"), 1, maxRate)
	check("APP_RATE_BURST", err)
	s.cache, err = parseCount(get("APP_CACHE_MB", "10"), 0, maxCache)
	check("APP_CACHE_MB", err)
	s.cache <<= 20
	return s, errors.Join(faults...)
}

// parseRate reads requests a second; off is 0, which is no limit.
func parseRate(text string) (float64, error) {
	if text == "off" {
		return 0, nil
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate >= 0.1 && rate <= maxRate) {
		return 0, fmt.Errorf("must be requests a second from 0.1 to %d, or off, got %q", maxRate, text)
	}
	return rate, nil
}

func parseCount(text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("must be a whole number from %d to %d, got %q", least, most, text)
	}
	return n, nil
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if n, numErr := strconv.Atoi(port); err != nil || numErr != nil || n < 0 || n > 65535 {
		return fmt.Errorf("must be [host]:port such as :8080, got %q", address)
	}
	return nil
}

func parsePrefixes(list string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	var faults []error
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(item)
		if err != nil {
			faults = append(faults, fmt.Errorf("must be a list of networks such as 10.0.0.0/8, got %q", item))
			continue
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, errors.Join(faults...)
}
