package simfs

import (
	"errors"
	"io"
	"io/fs"

	"quoll/persistence"
)

// inode is a file without a name.
type inode struct {
	number  uint64 // never given to another file of the disk; kept over renames and crashes
	stable  []byte
	current []byte
	pending []change
	// forgotten are the parts that a failed flush left in the page cache alone, as if they were
	// written. Reads see them, and bytes that are written there again reach no disk either.
	forgotten []span
}

// span is a part of a file: the bytes from one offset up to another.
type span struct{ from, to int64 }

// change is a pending write, or a truncation when data is nil.
type change struct {
	off  int64 // of a truncation: the new size
	data []byte
}

func (c change) apply(image []byte) []byte {
	if c.data == nil {
		if c.off <= int64(len(image)) {
			return image[:c.off:c.off]
		}
		return append(image, make([]byte, c.off-int64(len(image)))...)
	}
	if end := c.off + int64(len(c.data)); end > int64(len(image)) {
		image = append(image, make([]byte, end-int64(len(image)))...)
	}
	copy(image[c.off:], c.data)
	return image
}

func (f *inode) change(c change) {
	f.current = c.apply(f.current)
	f.pending = append(f.pending, c)
	if c.data != nil {
		return
	}
	left := f.forgotten[:0:0]
	for _, s := range f.forgotten { // blocks that a truncation frees are new ones afterwards
		if s.to = min(s.to, c.off); s.from < s.to {
			left = append(left, s)
		}
	}
	f.forgotten = left
}

// reach applies a change to an image of what is on the disk, except to the forgotten parts.
func (f *inode) reach(image []byte, c change) []byte {
	if c.data == nil || len(f.forgotten) == 0 {
		return c.apply(image)
	}
	old := append([]byte(nil), image...)
	image = c.apply(image)
	for _, s := range f.forgotten {
		from, to := max(s.from, c.off), min(s.to, c.off+int64(len(c.data)))
		for i := from; i < to; i++ {
			image[i] = 0
			if i < int64(len(old)) {
				image[i] = old[i]
			}
		}
	}
	return image
}

// forget is a flush that fails and forgets. The first pending bytes reach the disk.
func (f *inode) forget(first int) {
	for _, c := range f.pending {
		n := min(first, len(c.data))
		first -= n
		if n > 0 {
			f.stable = f.reach(f.stable, change{c.off, c.data[:n]})
		}
		if n < len(c.data) {
			f.forgotten = append(f.forgotten,
				span{c.off + int64(n), c.off + int64(len(c.data))})
		}
	}
	f.pending = nil
}

func (f *inode) clone() *inode {
	return &inode{
		number:    f.number,
		stable:    append([]byte(nil), f.stable...),
		current:   append([]byte(nil), f.current...),
		pending:   append([]change(nil), f.pending...),
		forgotten: append([]span(nil), f.forgotten...),
	}
}

// handle is an open file.
type handle struct {
	disk     *Disk
	name     string
	file     *inode
	writable bool
	closed   bool
}

var _ persistence.File = (*handle)(nil)

var errReadOnly = errors.New("opened for reading")

func (h *handle) Name() string { return h.name }

// usable must be called with the lock held.
func (h *handle) usable(writing bool) error {
	if h.closed {
		return fs.ErrClosed
	}
	if writing && !h.writable {
		return errReadOnly
	}
	return nil
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	c, out := h.disk.call(Call{Op: OpRead, Name: h.name, Bytes: len(p), Off: off})
	defer h.disk.done(c, out)
	if err := h.usable(false); err != nil {
		return 0, pathError("read", h.name, err)
	}
	if out.Err != nil {
		return 0, pathError("read", h.name, out.Err)
	}
	if off >= int64(len(h.file.current)) {
		return 0, io.EOF
	}
	short := out.Partial > 0 && out.Partial < len(p)
	if short {
		p = p[:out.Partial]
	}
	n := copy(p, h.file.current[off:])
	if n < len(p) && !short {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	c, out := h.disk.call(Call{Op: OpWrite, Name: h.name, Bytes: len(p), Off: off, Data: p})
	defer h.disk.done(c, out)
	if err := h.usable(true); err != nil {
		return 0, pathError("write", h.name, err)
	}
	n := len(p)
	if out.Err != nil || out.Crash == After && out.Partial > 0 {
		n = min(n, out.Partial)
	}
	if n > 0 {
		h.file.change(change{off: off, data: append([]byte(nil), p[:n]...)})
	}
	if out.Err != nil {
		return n, pathError("write", h.name, out.Err)
	}
	return n, nil
}

func (h *handle) Sync() error {
	c, out := h.disk.call(Call{Op: OpSync, Name: h.name})
	defer h.disk.done(c, out)
	if err := h.usable(false); err != nil {
		return pathError("sync", h.name, err)
	}
	if out.Err != nil {
		if out.Lost {
			h.file.forget(out.Partial)
		}
		return pathError("sync", h.name, out.Err)
	}
	if out.Lie {
		return nil
	}
	for _, ch := range h.file.pending {
		h.file.stable = h.file.reach(h.file.stable, ch)
	}
	h.file.pending = nil
	return nil
}

func (h *handle) Truncate(size int64) error {
	c, out := h.disk.call(Call{Op: OpTruncate, Name: h.name, Off: size})
	defer h.disk.done(c, out)
	if err := h.usable(true); err != nil {
		return pathError("truncate", h.name, err)
	}
	if out.Err != nil {
		return pathError("truncate", h.name, out.Err)
	}
	h.file.change(change{off: size})
	return nil
}

// DropCache lets reads of a file see what is on the disk, if nothing of the file is pending.
func (h *handle) DropCache() {
	c, out := h.disk.call(Call{Op: OpDrop, Name: h.name})
	defer h.disk.done(c, out)
	f := h.file
	if out.Err != nil || out.Lie || h.disk.Deaf || len(f.pending) > 0 || len(f.forgotten) == 0 {
		return
	}
	image := make([]byte, len(f.current))
	copy(image, f.stable)
	f.current, f.forgotten = image, nil
}

func (h *handle) Size() (int64, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.usable(false); err != nil {
		return 0, pathError("size", h.name, err)
	}
	return int64(len(h.file.current)), nil
}

func (h *handle) ID() persistence.FileID { return persistence.FileID{Inode: h.file.number} }

func (h *handle) Close() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if h.closed {
		return pathError("close", h.name, fs.ErrClosed)
	}
	h.closed = true
	return nil
}
