package snap

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"

	"quoll/jute"
)

// Compression is how a snapshot file is packed. The end of the file's name says it.
type Compression uint8

// The values of snapshot.compression.method.
const (
	Plain Compression = iota
	Gzip
	Snappy // read only
)

const gzipMagic = "\x1f\x8b"

// Suffix is what the compression adds to the file's name.
func (c Compression) Suffix() string {
	switch c {
	case Gzip:
		return ".gz"
	case Snappy:
		return ".snappy"
	}
	return ""
}

// PackingOf returns the compression of a file by its first bytes, whatever its name is. A file with
// an unknown beginning is Plain.
func PackingOf(f io.ReaderAt) Compression {
	head := make([]byte, len(snappyMagic))
	n, _ := f.ReadAt(head, 0)
	switch {
	case strings.HasPrefix(string(head[:n]), gzipMagic):
		return Gzip
	case string(head[:n]) == snappyMagic:
		return Snappy
	}
	return Plain
}

// ErrIncomplete is the error of Screen for a snapshot that is cut short. For Apache such a file
// does not count as a snapshot.
var ErrIncomplete = errors.New("the snapshot is cut short")

// Screen checks the last bytes of a plain snapshot file and the first bytes of a packed one, as
// Apache does before it reads one. It returns ErrIncomplete, or an error of reading.
func Screen(f io.ReaderAt, size int64, c Compression) error {
	at, want := size-5, "\x00\x00\x00\x01/"
	switch c {
	case Gzip:
		at, want = 0, gzipMagic
	case Snappy:
		at, want = 0, snappyMagic
	}
	if size < 10 {
		return ErrIncomplete
	}
	got := make([]byte, len(want))
	if _, err := io.ReadFull(&fileReader{f: f, off: at, size: size}, got); err != nil {
		return err
	}
	if string(got) != want {
		return ErrIncomplete
	}
	return nil
}

// Writer encodes a whole snapshot. The caller gives it sessions, ACLs and nodes in the order of
// BodyWriter, then calls Close.
type Writer struct {
	*BodyWriter
	out  io.Writer
	gzip *gzip.Writer // nil: plain
	sum  uint32       // Adler-32 of all bytes written so far, before compression
}

// NewWriter begins a snapshot on out. c is Plain or Gzip.
func NewWriter(out io.Writer, c Compression) (*Writer, error) {
	w := &Writer{out: out, sum: 1}
	if c == Gzip {
		var err error
		if w.gzip, err = gzip.NewWriterLevel(out, gzip.BestSpeed); err != nil {
			return nil, err
		}
		w.out = w.gzip
	}
	w.BodyWriter = NewBodyWriter(sealed{w})
	return w, w.write(jute.Append(nil, &jute.FileHeader{
		Magic: jute.SnapshotMagic, Version: jute.FileVersion, DBID: -1,
	}))
}

// sealed is the part of a Writer that its BodyWriter writes to.
type sealed struct{ w *Writer }

func (s sealed) Write(p []byte) (int, error) { return len(p), s.w.write(p) }

func (w *Writer) write(p []byte) error {
	w.sum = adlerJoin(w.sum, adler32.Checksum(p), len(p))
	_, err := w.out.Write(p)
	return err
}

// Close ends the body and writes the trailer.
func (w *Writer) Close(t Trailer) error {
	if err := w.End(); err != nil {
		return err
	}
	if err := w.seal(nil); err != nil {
		return err
	}
	be := binary.BigEndian
	if t.HasDigest {
		p := be.AppendUint64(nil, uint64(t.Digest.Zxid))
		p = be.AppendUint32(p, uint32(t.Digest.Version))
		p = be.AppendUint64(p, t.Digest.Digest)
		if err := w.seal(p); err != nil {
			return err
		}
	}
	if t.HasLastZxid {
		if err := w.seal(be.AppendUint64(nil, uint64(t.LastZxid))); err != nil {
			return err
		}
	}
	if w.gzip != nil {
		return w.gzip.Close()
	}
	return nil
}

// seal writes p and the checksum of everything up to here.
func (w *Writer) seal(p []byte) error {
	if len(p) > 0 {
		if err := w.write(p); err != nil {
			return err
		}
	}
	return w.write(jute.AppendString(binary.BigEndian.AppendUint64(nil, uint64(w.sum)), "/"))
}
