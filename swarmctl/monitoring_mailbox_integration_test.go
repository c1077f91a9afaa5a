//go:build integration

package main

import (
	"io"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ycesproject/yces/monitoring/notify/mailtest"
)

// mailbox is a mail server that keeps what it is given.
type mailbox struct {
	mu    sync.Mutex
	mails []received
}

func (b *mailbox) listen(t *testing.T, address string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go mailtest.Server{Keep: b.keep}.Serve(l)
	return l.Addr().(*net.TCPAddr).Port
}

// received is a mail, taken apart.
type received struct {
	to, subject, body string
	// about is what it is about, word what is said of it, thread its problem.
	about, word, thread string
}

// subjects are of the form [cluster] about: word (notification 2).
var subjects = regexp.MustCompile(`^\[[^]]+\] (.+): ([^:]+?)( \(notification \d+\))?$`)

func (b *mailbox) keep(text string) {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(m.Body)
	to, _, _ := strings.Cut(m.Header.Get("To"), "@")
	r := received{to: to, subject: m.Header.Get("Subject"), body: string(body), thread: m.Header.Get("References")}
	if parts := subjects.FindStringSubmatch(r.subject); parts != nil {
		r.about, r.word = parts[1], parts[2]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, r)
}

// since are the mails after the first n.
func (b *mailbox) since(n int) []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails[n:])
}

func (b *mailbox) count() int { return len(b.since(0)) }

// got tells whether such a mail came after the first n.
func (b *mailbox) got(n int, to, subject string) func() bool {
	return func() bool {
		return slices.ContainsFunc(b.since(n), func(r received) bool {
			return r.to == to && strings.Contains(r.subject, subject)
		})
	}
}

// words are what somebody was told about something after the first n mails;
// mails that repeat one are left out.
func (b *mailbox) words(n int, to, about string) []string {
	type said struct{ thread, word string }
	var words []string
	seen := map[said]bool{}
	for _, r := range b.since(n) {
		key := said{r.thread, r.word}
		if r.to == to && r.about == about && !seen[key] {
			seen[key] = true
			words = append(words, r.word)
		}
	}
	return words
}

// problems are the words of mails that say that something is wrong.
var problems = []string{"DOWN", "CRITICAL", "WARNING", "UNKNOWN"}

// told is a mail that a fault may make.
type told struct{ to, about string }

// ledger is what all faults together may have told. Whatever else was told is a
// mail too much.
type ledger struct {
	mu      sync.Mutex
	allowed map[told]bool
}

func (l *ledger) allow(about string, to ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.allowed == nil {
		l.allowed = map[told]bool{}
	}
	for _, who := range to {
		l.allowed[told{who, about}] = true
	}
}

// check goes through all mails: each is about a fault that was made and to
// somebody whose it is, was sent once, and says in both forms what it is about.
func (l *ledger) check(t *testing.T, mails []received) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[received]int{}
	for _, r := range mails {
		if !l.allowed[told{r.to, r.about}] {
			t.Errorf("%s was told: %s", r.to, r.subject)
		}
		for _, want := range []string{"text/plain", "text/html", "Host: "} {
			if !strings.Contains(r.body, want) {
				t.Errorf("the mail %q to %s lacks %q:\n%s", r.subject, r.to, want, r.body)
			}
		}
		key := received{to: r.to, subject: r.subject, thread: r.thread}
		if counts[key]++; counts[key] == 2 && (slices.Contains(problems, r.word) || strings.HasPrefix(r.word, "recovered")) {
			t.Errorf("%s was told twice: %s (%s)", r.to, r.subject, r.thread)
		}
	}
	t.Logf("%d mails, about %d things", len(mails), len(l.allowed))
}
