package sshconn

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strconv"
)

// receive writes standard input beside the file and puts it in its place once
// all of it is there, so that nobody ever sees half a file.
const receive = `set -eu
path=$1 size=$2 mode=$3
dir=$(dirname -- "$path")
umask 077
mkdir -p -- "$dir"
tmp=$(mktemp "$dir/.upload.XXXXXXXX")
trap 'rm -f -- "$tmp"' EXIT
cat >"$tmp"
got=$(wc -c <"$tmp")
if [ "$size" -ge 0 ] && [ "$got" -ne "$size" ]; then
	echo "$path: got $got of $size bytes" >&2
	exit 1
fi
chmod "$mode" "$tmp"
mv -f -- "$tmp" "$path"
trap - EXIT`

// Upload writes what r holds to the file, atomically, and makes its folder
// where there is none. A size that is not negative must match.
func (c *Conn) Upload(ctx context.Context, r io.Reader, size int64, path string, mode fs.FileMode, sudo bool) error {
	_, err := c.Run(ctx, Command{
		Name:  "upload",
		Args:  []string{"sh", "-c", receive, "upload", path, strconv.FormatInt(size, 10), strconv.FormatUint(uint64(mode.Perm()), 8)},
		Stdin: r,
		Sudo:  sudo,
	})
	if err != nil {
		return fmt.Errorf("upload %s: %w", path, err)
	}
	return nil
}
