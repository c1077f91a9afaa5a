package pki

import (
	"crypto/x509"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func authority(t *testing.T) *Authority {
	t.Helper()
	a, err := NewAuthority("shop", now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestACertificateIsGoodForItsUseAlone(t *testing.T) {
	a := authority(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.Cert)
	for _, use := range []Use{Serve, Ask} {
		pair, err := a.Issue(use, "shop-1", []string{"10.7.0.11"}, now)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := parse(pair.Cert)
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range []Use{Serve, Ask} {
			_, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []Use{asked}, DNSName: ""})
			if (err == nil) != (asked == use) {
				t.Errorf("made for %v, used for %v: %v", use, asked, err)
			}
		}
		if err := cert.VerifyHostname("10.7.0.11"); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatMakesACertificateStale(t *testing.T) {
	a, other := authority(t), authority(t)
	pair, err := a.Issue(Serve, "shop-1", []string{"10.7.0.11"}, now)
	if err != nil {
		t.Fatal(err)
	}
	late := now.Add(CertificateLife - RenewBefore + time.Minute)
	for _, c := range []struct {
		why       string
		authority *Authority
		text      []byte
		use       Use
		address   string
		now       time.Time
	}{
		{"", a, pair.Cert, Serve, "10.7.0.11", now},
		{"there is none", a, nil, Serve, "10.7.0.11", now},
		{"it can't be read", a, []byte("x"), Serve, "10.7.0.11", now},
		{"another authority signed it", other, pair.Cert, Serve, "10.7.0.11", now},
		{"it is for another use", a, pair.Cert, Ask, "10.7.0.11", now},
		{"it is for other addresses", a, pair.Cert, Serve, "10.7.0.12", now},
		{"it ends on 2027-04-02", a, pair.Cert, Serve, "10.7.0.11", late},
	} {
		if got := c.authority.Stale(c.text, c.use, "shop-1", []string{c.address}, c.now); got != c.why {
			t.Errorf("got %q, want %q", got, c.why)
		}
	}
}

func TestAnAuthorityIsReplacedBeforeItsCertificatesOutliveIt(t *testing.T) {
	a := authority(t)
	if why := a.Due(now); why != "" {
		t.Errorf("new: %s", why)
	}
	if a.Due(now.Add(AuthorityLife-CertificateLife+time.Hour)) == "" {
		t.Error("old: still good")
	}
	b := authority(t)
	if _, err := Load(Pair{a.Cert, b.Key}); err == nil {
		t.Error("another's key was taken")
	}
}
