// Package pki is the private certificate authority behind NRPE: who asks and
// who answers prove themselves with certificates of ours and of nobody else.
//
// NRPE does not compare names. A node's certificate is therefore good for
// serving alone (serverAuth): taken from a node, it opens no other one. The one
// certificate that may ask (clientAuth) never leaves the monitor.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"time"
)

// How long certificates are good, and how long before their end they are made anew.
const (
	AuthorityLife   = 10 * 365 * 24 * time.Hour
	CertificateLife = 397 * 24 * time.Hour
	RenewBefore     = 60 * 24 * time.Hour
)

// skew is how far behind a machine's clock may be.
const skew = time.Hour

// Pair is a certificate and its key, in PEM.
type Pair struct{ Cert, Key []byte }

// Use is what a certificate is good for.
type Use = x509.ExtKeyUsage

// The uses.
const (
	Serve = x509.ExtKeyUsageServerAuth
	Ask   = x509.ExtKeyUsageClientAuth
)

// Authority signs certificates.
type Authority struct {
	Pair
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority for the cluster.
func NewAuthority(cluster string, now time.Time) (*Authority, error) {
	template, err := template("monitoring of "+cluster, now, AuthorityLife)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority's key: %w", err)
	}
	pair, err := sign(template, template, key, key)
	if err != nil {
		return nil, err
	}
	return Load(pair)
}

// Load reads an authority that was made before.
func Load(p Pair) (*Authority, error) {
	cert, err := parse(p.Cert)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	block, _ := pem.Decode(p.Key)
	if block == nil {
		return nil, errors.New("read authority's key: no PEM")
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read authority's key: %w", err)
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, errors.New("read authority: its key belongs to another certificate")
	}
	return &Authority{p, cert, key}, nil
}

// Due says why the authority has to be replaced; "" where it needn't.
func (a *Authority) Due(now time.Time) string {
	if now.Add(CertificateLife).After(a.cert.NotAfter) {
		return "the authority ends on " + a.cert.NotAfter.Format(time.DateOnly)
	}
	return ""
}

// Issue makes a certificate for a name and its addresses.
func (a *Authority) Issue(use Use, name string, addresses []string, now time.Time) (Pair, error) {
	t, err := template(name, now, CertificateLife)
	if err != nil {
		return Pair{}, err
	}
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{use}
	t.DNSNames, t.IPAddresses = names(name, addresses)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("make key of %s: %w", name, err)
	}
	return sign(t, a.cert, key, a.key)
}

// Stale says why a certificate has to be issued anew; "" where it needn't.
func (a *Authority) Stale(text []byte, use Use, name string, addresses []string, now time.Time) string {
	if len(text) == 0 {
		return "there is none"
	}
	cert, err := parse(text)
	if err != nil {
		return "it can't be read"
	}
	dns, ips := names(name, addresses)
	switch {
	case cert.CheckSignatureFrom(a.cert) != nil:
		return "another authority signed it"
	case !slices.Equal(cert.ExtKeyUsage, []x509.ExtKeyUsage{use}):
		return "it is for another use"
	case now.Add(RenewBefore).After(cert.NotAfter):
		return "it ends on " + cert.NotAfter.Format(time.DateOnly)
	case !slices.Equal(cert.DNSNames, dns) || !slices.EqualFunc(cert.IPAddresses, ips, net.IP.Equal):
		return "it is for other addresses"
	}
	return ""
}

func names(name string, addresses []string) (dns []string, ips []net.IP) {
	dns = []string{name}
	for _, a := range addresses {
		if ip := net.ParseIP(a); ip != nil {
			ips = append(ips, ip)
		} else if !slices.Contains(dns, a) {
			dns = append(dns, a)
		}
	}
	return dns, ips
}

func template(name string, now time.Time, life time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-skew), NotAfter: now.Add(life),
	}, nil
}

func sign(t, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, parentKey)
	if err != nil {
		return Pair{}, fmt.Errorf("sign certificate of %s: %w", t.Subject.CommonName, err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("write key of %s: %w", t.Subject.CommonName, err)
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}),
	}, nil
}

func parse(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
