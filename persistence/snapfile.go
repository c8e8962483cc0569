package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/names"
	"quoll/persistence/snap"
)

// SnapOptions are the settings of snapshots.
type SnapOptions struct {
	// Compression of new ones (snapshot.compression.method): Plain or Gzip.
	Compression snap.Compression
	// SyncEveryBytes flushes a snapshot each time that it has grown by this many bytes. Otherwise
	// a flush of the log could wait until all of the snapshot is on disk. What is on disk leaves
	// the page cache (disk.Growing). 0 flushes once, at the end.
	SyncEveryBytes int64
	// ReadAhead is how many MiB a goroutine reads ahead when a snapshot is loaded; 0 starts none.
	ReadAhead int
}

// DefaultSnapOptions are for a server with a real disk.
func DefaultSnapOptions() SnapOptions {
	return SnapOptions{SyncEveryBytes: 512 << 10, ReadAhead: 4}
}

// SnapInfo describes a snapshot file.
type SnapInfo struct {
	File    string    // path
	Zxid    jute.Zxid // of the name: it holds every transaction up to this one
	Bytes   int64     // of the file
	Trailer snap.Trailer
}

// ReadSnapshot reads a snapshot file of any compression into sink and verifies it; see snap.Read.
func ReadSnapshot(fsys FS, name string, readAhead int, sink snap.Sink) (SnapInfo, error) {
	info := SnapInfo{File: name}
	info.Zxid = names.Parse(filepath.Base(name)).Zxid
	f, err := fsys.Open(name)
	if err != nil {
		return info, err
	}
	defer f.Close()
	if info.Bytes, err = f.Size(); err != nil {
		return info, err
	}
	c := names.CompressionOf(filepath.Base(name))
	if err := snap.Screen(f, info.Bytes, c); err != nil {
		return info, err
	}
	info.Trailer, err = snap.Read(f, info.Bytes, c, readAhead, sink)
	return info, err
}

// SnapWriter writes one snapshot. The caller gives it sessions, ACLs and nodes in the order of
// BodyWriter, then calls Finish. The file gets its name only when it is complete and durable.
//
//	Node -> 1 MiB blocks -> Adler-32 -> [gzip] -> tmp.snapshot.X -> fsync -> snapshot.X
//
// One goroutine owns it, while others own the log and the tree.
type SnapWriter struct {
	*snap.Writer
	dir  *Dir
	zxid jute.Zxid
	file disk.Growing
	// replaced is Dir.replaced when the snapshot was begun. If Dir.replaced differs at the end, the
	// snapshot belongs to another history and gets no name.
	replaced int
}

// errReplaced: the history was truncated or replaced while the snapshot was written.
var errReplaced = errors.New("what it holds is not the history any more")

// CreateSnapshot begins the snapshot of zxid. The snapshot will hold every transaction up to zxid,
// and perhaps parts of later ones. After an error, here or later, only this snapshot is lost,
// unless the error wraps ErrDisk.
func (d *Dir) CreateSnapshot(zxid jute.Zxid) (*SnapWriter, error) {
	tmp := filepath.Join(d.snapDir, names.Temporary(SnapName(zxid, d.opt.Snap.Compression)))
	if err := d.fs.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	d.forget(tmp)
	f, err := d.fs.Create(tmp)
	if err != nil {
		return nil, err
	}
	w := &SnapWriter{dir: d, zxid: zxid}
	d.changing.Lock()
	w.replaced = d.replaced
	d.changing.Unlock()
	w.file = disk.Growing{File: f, SyncEvery: d.opt.Snap.SyncEveryBytes}
	if w.Writer, err = snap.NewWriter(&w.file, d.opt.Snap.Compression); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// Bytes is how large the file is so far.
func (w *SnapWriter) Bytes() int64 { return w.file.Bytes() }

// Finish ends the body, writes the trailer, and gives the durable file its name.
func (w *SnapWriter) Finish(t snap.Trailer) (SnapInfo, error) {
	if err := w.complete(t); err != nil {
		w.Abort()
		return SnapInfo{}, fmt.Errorf("snapshot of %v: %w", w.zxid, err)
	}
	d := w.dir
	d.changing.Lock()
	defer d.changing.Unlock()
	if d.replaced != w.replaced {
		w.Abort()
		return SnapInfo{}, fmt.Errorf("snapshot of %v: %w", w.zxid, errReplaced)
	}
	name := SnapName(w.zxid, d.opt.Snap.Compression)
	info := SnapInfo{
		File: filepath.Join(d.snapDir, name), Zxid: w.zxid, Bytes: w.file.Bytes(), Trailer: t,
	}
	if err := d.noteSnapshot(info); err != nil {
		return SnapInfo{}, err
	}
	if err := d.fs.Rename(w.file.Name(), info.File); err != nil {
		w.Abort()
		return SnapInfo{}, err
	}
	if err := d.fs.SyncDir(d.snapDir); err != nil {
		return SnapInfo{}, err
	}
	d.markValid(name, info.Bytes)
	return info, nil
}

func (w *SnapWriter) complete(t snap.Trailer) error {
	if err := w.Close(t); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	return w.file.Close()
}

// Abort gives the snapshot up and removes its file.
func (w *SnapWriter) Abort() {
	_ = w.file.Close()
	_ = w.dir.fs.Remove(w.file.Name())
}
