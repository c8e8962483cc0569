package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"

	"quoll/jute"
)

// Sizes of the parts around the payload of a record, in bytes.
const (
	recordHead = 12 // checksum and length
	recordTail = 1  // recordEnd
	recordEnd  = 'B'
	// Extra is by how many bytes a record is longer than its payload.
	Extra = recordHead + recordTail
)

// Append appends the record of one transaction to dst, in the format of a log file.
func Append(dst, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(adler32.Checksum(payload)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	dst = append(dst, payload...)
	return append(dst, recordEnd)
}

// AppendHeader appends the header of a log file to dst.
func AppendHeader(dst []byte) []byte {
	return jute.Append(dst, &jute.FileHeader{Magic: jute.LogMagic, Version: jute.FileVersion})
}

// ErrOrder: a transaction does not follow the one before it.
var ErrOrder = errors.New("zxid out of order")

// Order says which transactions may follow each other.
type Order struct {
	// Begin is the counter in front of an epoch's first one. It is 0, but in tests of an epoch's
	// end (zookeeper.testingonly.initialZxid).
	Begin int64
}

// Follows returns an ErrOrder unless next may follow last in a log. Three zxids may: the next zxid,
// the first of a later epoch, and, for an error transaction, the same zxid again.
func (o Order) Follows(last, next jute.Zxid, op jute.OpCode) error {
	switch {
	case next == last+1,
		next == last && op == jute.OpError,
		next.Epoch() > last.Epoch() && o.begins(next),
		next.Epoch() == last.Epoch() && last.Counter() == 0 && o.begins(next):
		return nil
	}
	return fmt.Errorf("%w: %v after %v", ErrOrder, next, last)
}

// begins says whether a zxid can be the first of its epoch.
func (o Order) begins(zxid jute.Zxid) bool {
	return zxid.Counter() == 1 || int64(zxid.Counter()) == o.Begin+1
}

// Reasons why a record cannot be read. A Scanner stops at the first such record.
var (
	// ErrHeader is a file that begins neither as a log does nor with zeros.
	ErrHeader     = errors.New("bad file header")
	errNoHeader   = errors.New("zeros in place of the file header")
	errZeroLength = errors.New("length 0 before data")
	errLength     = errors.New("length beyond the end of the file")
	errChecksum   = errors.New("bad checksum")
	errEnd        = errors.New("bad end byte")
	errCut        = errors.New("file ends inside a record")
)

// File is an open log file. ReadAt may return fewer bytes than asked for without an error.
type File interface {
	io.ReaderAt
	Size() (int64, error)
}

// Scanner reads the records of one log file. Payloads are never overwritten. A caller that keeps a
// payload keeps the block of the file that the payload lies in.
type Scanner struct {
	f    io.ReaderAt
	size int64
	off  int64  // of the next record
	buf  []byte // file content from off
	end  int64  // file offset of the end of buf
}

// scanBlock is how much is read at a time.
const scanBlock = 1 << 20

// NewScanner reads the header. A file that is too short for a header gives errCut, or io.EOF if it
// is empty. Zeros in place of the header give errNoHeader, any other bytes ErrHeader. With each of
// these errors NewScanner returns a Scanner too. A magic number of which only the beginning is
// there, followed by zeros, counts as zeros: the first write into a preallocated file ended within
// it.
func NewScanner(f File) (*Scanner, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	s := &Scanner{f: f, size: size}
	begin := AppendHeader(nil)[:4] // the magic number
	err = s.need(jute.FileHeaderBytes)
	switch {
	case err != nil && err != errCut:
		return s, err
	case bytes.HasPrefix(s.buf, begin[:min(len(begin), len(s.buf))]):
	case isZero(s.buf[commonPrefix(s.buf, begin):min(jute.FileHeaderBytes, len(s.buf))]):
		return s, errNoHeader
	default:
		return s, ErrHeader
	}
	if err != nil {
		return s, err
	}
	s.skip(jute.FileHeaderBytes)
	return s, nil
}

// commonPrefix is how many bytes a and b begin alike with.
func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// ScannerAt reads from an offset on, without the header.
func ScannerAt(f File, off int64) (*Scanner, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	return &Scanner{f: f, size: size, off: off, end: off}, nil
}

// Off is the offset of the next record. After an error of Next it is where reading stopped.
func (s *Scanner) Off() int64 { return s.off }

// Size is the size of the file, with padding, at the time when the Scanner was made.
func (s *Scanner) Size() int64 { return s.size }

// Next returns the payload of the next record and the offset of the record. io.EOF is the proper
// end: the end of the file, or a record head of zeros, which begins the padding. PaddingOnly tells
// whether only zeros follow. Any of the errors above means that no record can be read at off.
func (s *Scanner) Next() (payload []byte, at int64, err error) {
	at = s.off
	if err := s.need(recordHead); err != nil {
		return nil, at, s.cutPadding(err)
	}
	sum := binary.BigEndian.Uint64(s.buf)
	n := int64(int32(binary.BigEndian.Uint32(s.buf[8:])))
	switch {
	case n == 0 && sum == 0:
		return nil, at, io.EOF
	case n == 0:
		return nil, at, errZeroLength
	case n < 0 || n > s.size-at-Extra:
		return nil, at, errLength
	}
	if err := s.need(int(n) + Extra); err != nil {
		return nil, at, err
	}
	payload = s.buf[recordHead : recordHead+n : recordHead+n]
	switch {
	case s.buf[recordHead+n] != recordEnd:
		return nil, at, errEnd
	case uint64(adler32.Checksum(payload)) != sum:
		return nil, at, errChecksum
	}
	s.skip(int(n) + Extra)
	return payload, at, nil
}

// cutPadding turns errCut into io.EOF if only zeros are left: they are the rest of the padding,
// shorter than a record head.
func (s *Scanner) cutPadding(err error) error {
	if err == errCut && isZero(s.buf) {
		return io.EOF
	}
	return err
}

func (s *Scanner) skip(n int) {
	s.off += int64(n)
	s.buf = s.buf[n:]
}

// need makes buf at least n bytes long. At the end of the file it returns io.EOF if buf is empty,
// and errCut if buf has fewer than n bytes.
func (s *Scanner) need(n int) error {
	if len(s.buf) >= n {
		return nil
	}
	left := s.size - s.end
	want := min(left, int64(max(n-len(s.buf), scanBlock)))
	if want > 0 {
		fresh := make([]byte, len(s.buf)+int(want))
		copy(fresh, s.buf)
		got, err := io.ReadFull(io.NewSectionReader(s.f, s.end, want), fresh[len(s.buf):])
		if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
			return err
		}
		s.buf = fresh[:len(s.buf)+got]
		s.end += int64(got)
	}
	switch {
	case len(s.buf) >= n:
		return nil
	case len(s.buf) == 0:
		return io.EOF
	}
	return errCut
}

// Unreadable says whether err is about the content of the file, and not a failure of the disk.
func Unreadable(err error) bool {
	switch err {
	case ErrHeader, errNoHeader, errZeroLength, errLength, errChecksum, errEnd, errCut, io.EOF:
		return true
	}
	return false
}

// PaddingOnly says whether nothing but zeros follows off.
func (s *Scanner) PaddingOnly() (bool, error) {
	for {
		if !isZero(s.buf) {
			return false, nil
		}
		s.skip(len(s.buf))
		if err := s.need(1); err == io.EOF {
			return true, nil
		} else if err != nil {
			return false, err
		}
	}
}

func isZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// atEnd returns nil for an error that means the end of the file.
func atEnd(err error) error {
	if err == io.EOF || err == errCut {
		return nil
	}
	return err
}

// SkipToGood looks for a whole record behind the place where Next gave up, at any offset. Such a
// record may have been acknowledged before the damage came. If there is one, Next reads it.
func (s *Scanner) SkipToGood() (at int64, found bool, err error) {
	if err := s.need(1); err != nil {
		return 0, false, atEnd(err)
	}
	for at = s.off + 1; ; at++ {
		s.skip(1)
		if err := s.need(recordHead); err != nil {
			return 0, false, atEnd(err)
		}
		if binary.BigEndian.Uint32(s.buf) != 0 { // the checksum has 32 bits in a field of 64
			continue
		}
		n := int64(int32(binary.BigEndian.Uint32(s.buf[8:])))
		if n < jute.TxnHeaderBytes || n > s.size-at-Extra {
			continue
		}
		if err := s.need(int(n) + Extra); err != nil {
			return 0, false, err
		}
		payload := s.buf[recordHead : recordHead+n]
		sum := binary.BigEndian.Uint64(s.buf)
		if s.buf[recordHead+n] == recordEnd && uint64(adler32.Checksum(payload)) == sum {
			return at, true, nil
		}
	}
}
