package sshconn

import (
	"context"
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// newMark returns an environment variable that no other command has.
func newMark() string { return "SWARMCTL_RUN=" + rand.Text() }

// stopScript ends every process with the mark. Closing a session ends nothing,
// and sshd passes signals on neither to root's commands nor to those of sudo.
func stopScript(mark string) string {
	return fmt.Sprintf("grep -lzx %s /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | xargs -r kill -TERM 2>/dev/null", Quote(mark))
}

// stop runs the command in a session that is kept free for it. What comes of
// it shows by the end of the command that it stops.
func (c *Conn) stop(ctx context.Context, cmd Command) {
	release, err := c.acquire(ctx, c.stops)
	if err != nil {
		return
	}
	defer release()
	session, err := await(ctx, c, func() (*ssh.Session, error) { return c.start(cmd, "", newOutput(nil)) }, closeSession)
	if err != nil {
		return
	}
	defer closeSession(session)
	ended := make(chan struct{})
	go func() {
		_ = session.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
