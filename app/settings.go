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
)

// settings come from the environment; docs/app.md explains each.
type settings struct {
	addr      string
	adminAddr string // empty: no admin listener
	drain     time.Duration
	proxies   []netip.Prefix
	level     slog.Level
}

const maxDrain = 10 * time.Minute

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
	return s, errors.Join(faults...)
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
