package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	check "github.com/NETWAYS/go-check"
	"github.com/NETWAYS/go-check/perfdata"

	"github.com/ycesproject/yces/monitoring/notify"
	"github.com/ycesproject/yces/monitoring/status"
)

// reach is up as long as one of the hosts takes connections.
func reach(o *options) func(context.Context) (outcome, error) {
	hosts := o.String("hosts", "", "addresses, separated by commas")
	port := o.String("port", "", "the port")
	return func(ctx context.Context) (outcome, error) {
		type result struct {
			host string
			err  error
		}
		list := strings.Split(*hosts, ",")
		results := make(chan result, len(list))
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for _, h := range list {
			go func() {
				conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(h, *port))
				if err == nil {
					_ = conn.Close()
				}
				results <- result{h, err}
			}()
		}
		var faults []string
		for range list {
			r := <-results
			if r.err == nil {
				return outcome{text: r.host + " takes connections"}, nil
			}
			faults = append(faults, r.err.Error())
		}
		return outcome{status: check.Critical, text: strings.Join(faults, "; ")}, nil
	}
}

// anyHost runs a command against each host at the same time, and gives the best
// answer: a manager that lost its peers calls the whole swarm lost.
func anyHost(o *options) func(context.Context) (outcome, error) {
	hosts := o.String("hosts", "", "addresses, separated by commas")
	return func(ctx context.Context) (outcome, error) {
		list := strings.Split(*hosts, ",")
		results := make(chan outcome, len(list))
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for _, h := range list {
			go func() { results <- plugin(ctx, append(o.Args(), "-H", h)) }()
		}
		var best *outcome
		for range list {
			r := <-results
			if best == nil || severity[r.status] < severity[best.status] {
				best = &r
			}
			if r.status == check.OK {
				break
			}
		}
		return *best, nil
	}
}

// severity orders answers: one who does not know says least.
var severity = map[int]int{check.OK: 0, check.Warning: 1, check.Critical: 2, check.Unknown: 3}

// plugin runs another plugin and takes up what it printed.
func plugin(ctx context.Context, line []string) outcome {
	if len(line) == 0 {
		return outcome{status: check.Unknown, text: "no command was given"}
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(out) == 0 {
		out = exit.Stderr // check_nrpe says there why it reaches nobody
	}
	text, perf, _ := strings.Cut(strings.TrimSpace(string(out)), "|")
	switch {
	case err == nil:
	case exit != nil && exit.ExitCode() >= 0 && exit.ExitCode() <= check.Unknown:
	default:
		return outcome{status: check.Unknown, text: err.Error()}
	}
	_, said, found := strings.Cut(text, " - ")
	if !found {
		said = text
	}
	return outcome{status: cmd.ProcessState.ExitCode(), text: said, perf: parsePerf(perf)}
}

// parsePerf keeps label, value and unit.
func parsePerf(text string) perfdata.PerfdataList {
	var list perfdata.PerfdataList
	for _, field := range strings.Fields(text) {
		label, rest, _ := strings.Cut(field, "=")
		value, _, _ := strings.Cut(rest, ";")
		digits := strings.TrimRight(value, "%sBcumkMGT")
		if v, err := strconv.ParseFloat(digits, 64); err == nil {
			list.Add(&perfdata.Perfdata{Label: strings.Trim(label, "'"), Value: v, Uom: value[len(digits):]})
		}
	}
	return list
}

// clock compares a machine's clock with this one's. The way there and back is
// what it can't know: half of it is the error.
func clock(o *options) func(context.Context) (outcome, error) {
	return func(ctx context.Context) (outcome, error) {
		start := time.Now()
		answer := plugin(ctx, o.Args())
		took := time.Since(start)
		nanoseconds, err := strconv.ParseInt(strings.TrimSpace(answer.text), 10, 64)
		if answer.status != check.OK || err != nil {
			return outcome{}, fmt.Errorf("ask for the time: %s", answer.text)
		}
		offset := time.Unix(0, nanoseconds).Sub(start.Add(took / 2)).Seconds()
		if abs := max(offset, -offset) - took.Seconds()/2; abs < 0 {
			offset = 0 // no more than the way there and back explains
		}
		return outcome{
			status: o.judge(max(offset, -offset)), text: fmt.Sprintf("clock is off by %.3f s, ± %.3f s", offset, took.Seconds()/2),
			perf: perfdata.PerfdataList{o.metric("offset", float64(int64(offset*1000))/1000, "s")},
		}, nil
	}
}

// certificate looks at how long a certificate is still good.
func certificate(o *options) func(context.Context) (outcome, error) {
	file := o.String("file", "", "a PEM file")
	address := o.String("connect", "", "host:port of a TLS server")
	return func(ctx context.Context) (outcome, error) {
		var cert *x509.Certificate
		var err error
		if *file != "" {
			cert, err = readCertificate(*file)
		} else {
			cert, err = serverCertificate(ctx, *address)
		}
		var untrusted *tls.CertificateVerificationError
		switch {
		case *address != "" && err != nil && !errors.As(err, &untrusted):
			return outcome{}, fmt.Errorf("the certificate was not shown: %w", err)
		case err != nil:
			return outcome{status: check.Critical, text: err.Error()}, nil
		}
		days := time.Until(cert.NotAfter).Hours() / 24
		return outcome{
			status: o.judge(days), text: fmt.Sprintf("certificate of %q is good until %s, %.1f days", cert.Subject.CommonName, cert.NotAfter.UTC().Format(time.DateOnly), days),
			perf: perfdata.PerfdataList{o.metric("days", rounded(max(days, 0)), "")},
		}, nil
	}
}

func readCertificate(file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return x509.ParseCertificate(block.Bytes)
}

// serverCertificate also fails where the certificate isn't one to trust.
func serverCertificate(ctx context.Context, address string) (*x509.Certificate, error) {
	conn, err := new(tls.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	secured, ok := conn.(*tls.Conn)
	if !ok {
		return nil, errors.New("no TLS connection")
	}
	return secured.ConnectionState().PeerCertificates[0], nil
}

// nagiosDaemon is critical where Nagios no longer writes down what it knows.
func nagiosDaemon(o *options) func(context.Context) (outcome, error) {
	status := o.String("status", "", "Nagios's status file")
	return func(context.Context) (outcome, error) {
		info, err := os.Stat(*status)
		if err != nil {
			return outcome{status: check.Critical, text: err.Error()}, nil
		}
		age := time.Since(info.ModTime()).Seconds()
		return outcome{
			status: o.judge(age), text: fmt.Sprintf("status is %.0f s old", age),
			perf: perfdata.PerfdataList{o.metric("age", rounded(age), "s")},
		}, nil
	}
}

// notices tells what the notifier could not, or was not asked to, and is critical
// as long as that fails.
func notices(o *options) func(context.Context) (outcome, error) {
	file := o.String("config", "", "notify.json")
	nagios := o.String("status", "", "Nagios's status file")
	dir := o.String("told", "", "the folder of what people were told")
	return func(ctx context.Context) (outcome, error) {
		config, err := notify.Load(*file)
		if err != nil {
			return outcome{}, err
		}
		now, err := status.Read(*nagios)
		if err != nil {
			return outcome{}, err
		}
		count, err := notify.Notifier{Config: config, Dir: *dir}.CatchUp(ctx, now, time.Now())
		found := outcome{
			text: fmt.Sprintf("%d notices of problems that are not over, none that could not be sent", count.Open),
			perf: perfdata.PerfdataList{o.metric("open", float64(count.Open), "")},
		}
		if count.Waiting > 0 {
			found.text += fmt.Sprintf("; %d wait: for the contact's hours, for a machine, or as somebody took the problem up", count.Waiting)
		}
		if err != nil {
			found.status, found.text = check.Critical, strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		return found, nil
	}
}
