// Package mailtest is a mail server for tests. It takes every mail, and encrypts
// nothing.
package mailtest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
)

// Server hands the text of each mail to Keep.
type Server struct {
	Keep func(text string)
	// HangUp is the command at which it does so instead of an answer; none where
	// empty.
	HangUp string
}

// Serve answers until the listener is closed.
func (s Server) Serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go s.talk(conn)
	}
}

func (s Server) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "220 mailtest\r\n")
	for {
		line, err := r.ReadString('\n')
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		if err != nil || verb == s.HangUp && verb != "" {
			return
		}
		switch verb {
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			s.Keep(text(r))
			fmt.Fprint(conn, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 fine\r\n")
		}
	}
}

// text is all until a line with a dot alone.
func text(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}
