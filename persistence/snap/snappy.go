package snap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
)

// Java's SnappyOutputStream frames blocks in its own way:
//
//	| 82 "SNAPPY" 00 | version i | compatible version i | (length i | raw snappy block)* |
//
// Streams may be concatenated, so the header may come again between blocks.
const (
	snappyMagic       = "\x82SNAPPY\x00"
	snappyHeaderBytes = len(snappyMagic) + 8
	// snappyMaxRatio bounds what a block can grow to: a 3-byte copy makes 64 bytes.
	snappyMaxRatio = 22
)

var errSnappy = errors.New("not a snappy stream of Java")

// snappyReader unpacks a stream of Java's SnappyOutputStream.
type snappyReader struct {
	r     io.Reader
	block []byte // packed
	out   []byte // unpacked
	rest  []byte // the unread part of out
}

func newSnappyReader(r io.Reader) (*snappyReader, error) {
	var header [snappyHeaderBytes]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	if string(header[:len(snappyMagic)]) != snappyMagic {
		return nil, errSnappy
	}
	return &snappyReader{r: r}, nil
}

func (s *snappyReader) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if err := s.nextBlock(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *snappyReader) nextBlock() error {
	var head [4]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return err
	}
	if string(head[:]) == snappyMagic[:4] {
		_, err := io.CopyN(io.Discard, s.r, int64(snappyHeaderBytes-len(head)))
		return err
	}
	n := int32(binary.BigEndian.Uint32(head[:]))
	if n < 0 {
		return fmt.Errorf("%w: block of %d bytes", errSnappy, n)
	}
	if err := s.read(int(n)); err != nil {
		return err
	}
	size, err := snappy.DecodedLen(s.block)
	if err != nil {
		return err
	}
	if size > len(s.block)*snappyMaxRatio {
		return fmt.Errorf("%w: block of %d bytes in %d", errSnappy, size, n)
	}
	s.out, err = snappy.Decode(s.out[:cap(s.out)], s.block)
	s.rest = s.out
	return err
}

// read fills block with n bytes. block grows as the bytes arrive, because n may be wrong.
func (s *snappyReader) read(n int) error {
	const step = 64 << 10
	s.block = s.block[:0]
	for len(s.block) < n {
		from := len(s.block)
		s.block = append(s.block, make([]byte, min(n-from, step))...)
		if _, err := io.ReadFull(s.r, s.block[from:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
