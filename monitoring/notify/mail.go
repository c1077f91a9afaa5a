package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"strconv"
	"time"
)

// sendTimeout bounds one try to send a mail.
const sendTimeout = 20 * time.Second

// tries are how often a mail server is asked, and pause how long is waited.
const (
	tries = 2
	wait  = 3 * time.Second
)

func (s Server) send(ctx context.Context, to string, m message) error {
	body, err := s.mail(to, m)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err = s.deliver(ctx, to, body)
		if err == nil || try == tries {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	if err != nil {
		return fmt.Errorf("send mail to %s: %w", to, err)
	}
	return nil
}

// mail is the message in RFC 5322's form.
func (s Server) mail(to string, m message) ([]byte, error) {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	header := func(key, value string) { fmt.Fprintf(&b, "%s: %s\r\n", key, value) }
	header("From", s.From)
	header("To", to)
	header("Subject", mime.QEncoding.Encode("utf-8", m.head))
	header("Date", m.Time.UTC().Format(time.RFC1123Z))
	header("Message-ID", fmt.Sprintf("<%d.%s.%s@%s>", time.Now().UnixNano(), m.thread(), m.Contact, s.Host))
	header("References", fmt.Sprintf("<%s@%s>", m.thread(), s.Host))
	header("Auto-Submitted", "auto-generated")
	header("X-Monitoring", fmt.Sprintf("cluster=%s; type=%s; state=%s", m.Cluster, m.Type, m.State))
	header("MIME-Version", "1.0")
	header("Content-Type", "multipart/alternative; boundary="+parts.Boundary())
	b.WriteString("\r\n")
	for _, part := range []struct{ kind, text string }{{"text/plain", m.plain}, {"text/html", m.html}} {
		w, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type": {part.kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return nil, err
		}
		q := quotedprintable.NewWriter(w)
		if _, err := q.Write([]byte(part.text)); err != nil {
			return nil, err
		}
		if err := q.Close(); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), parts.Close()
}

// thread is the same for all mails of one problem.
func (m message) thread() string {
	if m.Problem == "" {
		return strconv.FormatInt(m.Time.Unix(), 10)
	}
	return "problem-" + m.Problem
}

func (s Server) deliver(ctx context.Context, to string, body []byte) (err error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	client, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = client.Close()
		}
	}()
	if err := s.login(client); err != nil {
		return err
	}
	if err := errors.Join(client.Mail(s.From), client.Rcpt(to)); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = client.Quit() // the mail was taken, whatever becomes of the connection
	return nil
}

func (s Server) connect(ctx context.Context) (*smtp.Client, error) {
	addr := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	secure := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	var conn net.Conn
	var err error
	if s.TLS == "tls" {
		conn, err = (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", addr)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	client, err := smtp.NewClient(conn, s.Host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.TLS == "starttls" {
		// A server that doesn't offer it gets neither password nor mail.
		if err := client.StartTLS(secure); err != nil {
			return nil, errors.Join(err, client.Close())
		}
	}
	return client, nil
}

func (s Server) login(client *smtp.Client) error {
	if s.User == "" {
		return nil
	}
	password, err := secret(s.PasswordFile)
	if err != nil {
		return err
	}
	return client.Auth(smtp.PlainAuth("", s.User, password, s.Host))
}
