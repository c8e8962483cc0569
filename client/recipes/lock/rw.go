package lock

import (
	"context"
	"fmt"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
	"quoll/client/recipes/internal/line"
)

// RW is a pair of locks: many may hold the one for reading, or one the one for writing. It is fair:
// a reader that comes behind a waiting writer waits for it.
type RW struct{ read, write Mutex }

// NewRW is a pair of locks. Its nodes are those of Curator's InterProcessReadWriteLock, or of
// kazoo's ReadLock and WriteLock.
func NewRW(c *client.Client, path string, opts ...recipes.Option) *RW {
	o := hold.Apply(opts)
	return &RW{
		read: Mutex{shared: true, line: line.Line{
			Client: c, Path: path, Kind: line.Read(o.Layout), Opts: o,
		}},
		write: Mutex{line: line.Line{
			Client: c, Path: path, Kind: line.Write(o.Layout), Opts: o,
		}},
	}
}

// R is the lock for reading. It waits for the nearest writer in front only.
func (rw *RW) R() *Mutex { return &rw.read }

// W is the lock for writing.
func (rw *RW) W() *Mutex { return &rw.write }

// Downgrade makes a held lock for writing one for reading, with nobody writing in between, and
// releases w. If another writer waits already, the reader would stand behind it: then the error is
// ErrBusy. After an error w is held as before, unless it is lost.
func (rw *RW) Downgrade(ctx context.Context, w *recipes.Held) (*recipes.Held, error) {
	h, err := rw.downgrade(ctx, w)
	return h, hold.Wrap("downgrade", rw.read.line.Path, err)
}

func (rw *RW) downgrade(ctx context.Context, w *recipes.Held) (*recipes.Held, error) {
	l := &rw.read.line
	r, err := l.Join(ctx)
	if err != nil {
		return nil, err
	}
	blocker, err := l.Blocker(ctx, r)
	switch {
	case err == nil && blocker != hold.Name(w.Path()):
		// Also if w has gone: then nobody knows who wrote in between.
		err = fmt.Errorf("%w: a writer waits", hold.ErrBusy)
		if w.Err() != nil {
			err = w.Err()
		}
	case err == nil:
		err = w.Err()
	}
	if err != nil {
		hold.Leave(ctx, r)
		return nil, err
	}
	// A Release that ctx ends goes on in the background: the reader holds as soon as it is done.
	if err := w.Release(ctx); err != nil {
		hold.Leave(ctx, r)
		return nil, err
	}
	return r, nil
}
