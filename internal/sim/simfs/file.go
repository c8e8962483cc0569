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
}

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
}

func (f *inode) clone() *inode {
	return &inode{
		number:  f.number,
		stable:  append([]byte(nil), f.stable...),
		current: append([]byte(nil), f.current...),
		pending: append([]change(nil), f.pending...),
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
			h.file.pending = nil
		}
		return pathError("sync", h.name, out.Err)
	}
	if out.Lie {
		return nil
	}
	for _, ch := range h.file.pending {
		h.file.stable = ch.apply(h.file.stable)
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
