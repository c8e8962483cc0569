package snap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/gzip"

	"quoll/jute"
)

// A snapshot file is, before compression:
//
//	| FileHeader | body | seal | [zxid l | version i | digest l | seal] | [last zxid l | seal] |
//
// A seal is the Adler-32 of everything before it, as a long, and the ustring "/". The parts behind
// the first seal depend on the writer's version and settings.
const (
	sealBytes     = 8 + 4 + 1
	digestBytes   = 8 + 4 + 8
	lastZxidBytes = 8
)

// ZxidDigest is the digest of the tree after one transaction.
type ZxidDigest struct {
	Zxid    jute.Zxid
	Version int32
	Digest  uint64
}

// Trailer is what a snapshot says about itself behind its body.
type Trailer struct {
	// HasDigest says whether the snapshot has a Digest: the tree's digest after the last
	// transaction at the time when the snapshot was finished. Its Zxid is 0 if the writer did not
	// know it.
	HasDigest bool
	Digest    ZxidDigest
	// HasLastZxid says whether the snapshot has a LastZxid: the last transaction applied when the
	// snapshot was finished (serializeLastProcessedZxid.enabled). A server goes by the zxid in the
	// file's name nevertheless.
	HasLastZxid bool
	LastZxid    jute.Zxid
}

// Reasons why a snapshot is invalid.
var (
	errSnapMagic = errors.New("not a snapshot")
	errSeal      = errors.New("bad checksum")
	errTrailing  = errors.New("unknown bytes at the end")
	errEntry     = errors.New("unreasonable length")
)

// Read reads a snapshot file of size bytes into sink and verifies it. After an error the caller
// must discard everything that sink got. A goroutine reads readAhead MiB ahead of the decoder; with
// 0 there is no goroutine.
func Read(f io.ReaderAt, size int64, c Compression, readAhead int, sink Sink) (Trailer, error) {
	src := fileSource(&fileReader{f: f, size: size}, size, readAhead)
	var err error
	switch c {
	case Gzip:
		src.r, err = gzip.NewReader(src.r)
		src.fit(4 * size)
	case Snappy:
		src.r, err = newSnappyReader(src.r)
		src.fit(4 * size)
	}
	if err != nil {
		return Trailer{}, err
	}
	w := newWindow(src)
	defer w.stop()
	return readSnapshot(w, sink)
}

// fileReader reads a file from its start.
type fileReader struct {
	f         io.ReaderAt
	off, size int64
}

func (r *fileReader) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), r.size-r.off)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := r.f.ReadAt(p, r.off)
	r.off += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func readSnapshot(w *window, sink Sink) (t Trailer, err error) {
	if err := w.need(jute.FileHeaderBytes); err != nil {
		return t, err
	}
	var header jute.FileHeader
	if _, err := jute.Decode(w.take(jute.FileHeaderBytes), &header); err != nil {
		return t, err
	}
	if header.Magic != jute.SnapshotMagic {
		return t, errSnapMagic
	}
	if err := readBody(w, sink); err != nil {
		return t, fmt.Errorf("before byte %d: %w", w.consumed(), err)
	}
	if err := readSeal(w); err != nil {
		return t, fmt.Errorf("seal of the body: %w", err)
	}
	return t, readTrailer(w, &t)
}

func readSeal(w *window) error {
	sum := w.consumedSum()
	if err := w.need(sealBytes); err != nil {
		return err
	}
	p := w.take(sealBytes)
	if binary.BigEndian.Uint64(p) != uint64(sum) || string(p[8:]) != "\x00\x00\x00\x01/" {
		return errSeal
	}
	return nil
}

// readTrailer reads the parts behind the first seal. The parts have no tags, so it tells them apart
// by how many bytes are left. A part that is cut short counts as missing, because the body is
// whole.
func readTrailer(w *window, t *Trailer) error {
	for {
		if err := w.need(len(w.buf) + 1); errors.Is(err, errTorn) {
			break
		} else if err != nil {
			return err
		}
		if len(w.buf) > 4<<10 {
			return errTrailing
		}
	}
	if n := len(w.buf); n != 0 && n != lastZxidBytes+sealBytes {
		if whole, err := readDigest(w, t); !whole || err != nil {
			return err
		}
	}
	if len(w.buf) < lastZxidBytes+sealBytes {
		return nil
	}
	zxid := jute.Zxid(binary.BigEndian.Uint64(w.take(lastZxidBytes)))
	if err := readSeal(w); err != nil {
		return fmt.Errorf("seal of the last zxid: %w", err)
	}
	t.HasLastZxid, t.LastZxid = true, zxid
	if len(w.buf) > 0 {
		return errTrailing
	}
	return nil
}

// readDigest reads the digest and its seal. Before version 2 the digest was a ustring of
// hexadecimal digits.
func readDigest(w *window, t *Trailer) (whole bool, err error) {
	if len(w.buf) < 12+4 {
		return false, nil
	}
	d := ZxidDigest{
		Zxid:    jute.Zxid(binary.BigEndian.Uint64(w.buf)),
		Version: int32(binary.BigEndian.Uint32(w.buf[8:])),
	}
	n := digestBytes
	if d.Version < 2 {
		n = 16 + int(max(0, int32(binary.BigEndian.Uint32(w.buf[12:]))))
	}
	if len(w.buf)-sealBytes < n {
		return false, nil
	}
	p := w.take(n)
	if err := readSeal(w); err != nil {
		return false, fmt.Errorf("seal of the digest: %w", err)
	}
	if d.Version >= 2 {
		d.Digest = binary.BigEndian.Uint64(p[12:])
	} else if n > 16 {
		if d.Digest, err = strconv.ParseUint(string(p[16:]), 16, 64); err != nil {
			return false, err
		}
	}
	t.HasDigest, t.Digest = true, d
	return true, nil
}

// ReadBody reads a body without header and trailer, as it is streamed to a learner. It returns the
// bytes that it read beyond the end of the body.
func ReadBody(r io.Reader, sink Sink) (beyond []byte, err error) {
	w := newWindow(source{r: r, chunk: chunkBytes, headroom: chunkHeadroom, stream: true})
	defer w.stop()
	if err := readBody(w, sink); err != nil {
		return nil, fmt.Errorf("before byte %d: %w", w.consumed(), err)
	}
	return append([]byte(nil), w.buf...), nil
}

func readBody(w *window, sink Sink) error {
	n, err := readCount(w)
	for ; n > 0 && err == nil; n-- {
		if err = w.need(12); err == nil {
			p := w.take(12)
			id := jute.SessionID(binary.BigEndian.Uint64(p))
			err = sink.Session(id, int32(binary.BigEndian.Uint32(p[8:])))
		}
	}
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	n, err = readCount(w)
	for ; n > 0 && err == nil; n-- {
		err = readACL(w, sink)
	}
	if err != nil {
		return fmt.Errorf("ACL table: %w", err)
	}
	var st jute.StatPersisted
	for more := true; more && err == nil; {
		more, err = readNode(w, &st, sink)
	}
	return err
}

func readCount(w *window) (int, error) {
	if err := w.need(4); err != nil {
		return 0, err
	}
	return int(int32(binary.BigEndian.Uint32(w.take(4)))), nil
}

// lengthAt reads a length at offset at; null counts as 0 bytes.
func lengthAt(w *window, at int, nullable bool) (n int, null bool, err error) {
	if err := w.need(at + 4); err != nil {
		return 0, false, err
	}
	n = int(int32(binary.BigEndian.Uint32(w.buf[at:])))
	if n == -1 && nullable {
		return 0, true, nil
	}
	if n < 0 {
		return 0, false, errEntry
	}
	return n, false, nil
}

func readACL(w *window, sink Sink) error {
	count, _, err := lengthAt(w, 8, false)
	if err != nil {
		return err
	}
	end := 12
	for range count {
		end += 4 // perms
		for range 2 {
			n, _, err := lengthAt(w, end, true)
			if err != nil {
				return err
			}
			end += 4 + n
		}
	}
	if err := w.need(end); err != nil {
		return err
	}
	c := jute.Decoder(w.take(end))
	var key int64
	var acl []jute.ACL
	c.Long("long", &key)
	c.ACLs("acls", &acl)
	if err := c.Err(&jute.ACL{}); err != nil {
		return err
	}
	return sink.ACL(key, acl)
}

// readNode reads one node; more is false at the end of the body.
func readNode(w *window, st *jute.StatPersisted, sink Sink) (more bool, err error) {
	pathLen, _, err := lengthAt(w, 0, false)
	if err != nil {
		return false, err
	}
	if err := w.need(4 + pathLen); err != nil {
		return false, err
	}
	if pathLen == 1 && w.buf[4] == '/' {
		w.take(5)
		return false, nil
	}
	dataLen, null, err := lengthAt(w, 4+pathLen, true)
	if err != nil {
		return false, err
	}
	if err := w.need(4 + pathLen + 4 + dataLen + 8 + jute.StatPersistedBytes); err != nil {
		return false, err
	}
	path := w.take(4 + pathLen)[4:]
	data := w.take(4 + dataLen)[4:]
	if null {
		data = nil
	}
	acl := int64(binary.BigEndian.Uint64(w.take(8)))
	readStatPersisted(w.take(jute.StatPersistedBytes), st)
	return true, sink.Node(path, data, acl, st)
}
