package jobs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"quoll/datatree"
	"quoll/internal/replica"
	"quoll/jute"
	"quoll/jute/ensemble"
	"quoll/persistence/snap"
	"quoll/quorum/effects"
)

// Reasons why a stream is no tree.
var (
	errSignature = errors.New("the stream does not end with the signature")
	errTooLong   = errors.New("the stream is longer than a tree may be")
	errNoRoot    = errors.New("the stream has no root")
)

// Build answers a BuildTree. It reads the stream that follows a SNAP packet into a tree, which it
// gives in the answer, and returns what it read behind the stream. A stream of more than most bytes
// is refused, so that a leader cannot fill the memory. The tree holds parts of transactions above
// the packet's zxid: their digests are compared only when Built.Whole was called.
//
// After an error the connection cannot be used any more, because nobody knows where the stream
// ends.
func Build(
	from io.Reader, job *effects.Job, tree *datatree.Tree, most int64,
) (done replica.JobDone, beyond []byte) {
	done.Generation, done.Zxid = job.Generation, job.UpTo
	b := replica.NewBuilt(tree)
	b.Begin()
	beyond, done.Err = build(&limited{from: from, left: most}, &sink{built: b})
	if done.Err != nil {
		done.Err = fmt.Errorf("tree of %v: %w", job.UpTo, done.Err)
		return done, nil
	}
	tree.FinishLoad(job.UpTo, nil)
	tree.EnsureConfigNode()
	b.Fuzzy()
	done.Built = b
	return done, beyond
}

func build(from io.Reader, to *sink) (beyond []byte, err error) {
	ahead, err := snap.ReadBody(from, to)
	if err != nil {
		return nil, err
	}
	if !to.rooted {
		return nil, errNoRoot
	}
	want := jute.AppendString(nil, ensemble.SnapSignature)
	have := make([]byte, len(want))
	rest := bytes.NewReader(ahead)
	if _, err := io.ReadFull(io.MultiReader(rest, from), have); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if !bytes.Equal(have, want) {
		return nil, errSignature
	}
	return ahead[len(ahead)-rest.Len():], nil
}

// sink fills a tree and its sessions from a stream (snap.Sink).
type sink struct {
	built  *replica.Built
	rooted bool
}

func (s *sink) Session(id jute.SessionID, timeoutMillis int32) error {
	s.built.Session(id, timeoutMillis)
	return nil
}

func (s *sink) ACL(key int64, acl []jute.ACL) error {
	s.built.Tree.LoadACL(key, acl)
	return nil
}

func (s *sink) Node(path, data []byte, acl int64, st *jute.StatPersisted) error {
	s.rooted = s.rooted || len(path) == 0
	return s.built.Tree.LoadNode(path, data, acl, st)
}

// limited reads no more than a number of bytes. Where they end the stream is too long.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLong
	}
	n, err := l.from.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
