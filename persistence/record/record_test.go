package record_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"quoll/jute"
	"quoll/persistence/disk"
	"quoll/persistence/record"
)

// file is a log in memory.
type file struct{ *bytes.Reader }

func (f file) Size() (int64, error) { return f.Reader.Size(), nil }

func open(p []byte) file { return file{bytes.NewReader(p)} }

// payload is a transaction without a body.
func payload(zxid jute.Zxid) []byte {
	return jute.Append(nil, &jute.TxnHeader{Zxid: zxid, Type: jute.OpError})
}

// log has the records 1 to n; each is size bytes long.
func log(n int) (p []byte, size int) {
	p = record.AppendHeader(nil)
	for i := range n {
		p = record.Append(p, payload(jute.Zxid(i+1)))
	}
	return p, (len(p) - jute.FileHeaderBytes) / n
}

// TestHowAFileBegins: a file that is no log is told from a log that was cut short.
func TestHowAFileBegins(t *testing.T) {
	whole, _ := log(1)
	otherVersion := bytes.Clone(whole)
	otherVersion[7] = 9
	for name, tc := range map[string]struct {
		content []byte
		fine    bool
		no      bool // is no log
	}{
		"a log":                         {whole, true, false},
		"another version":               {otherVersion, true, false},
		"nothing":                       {nil, false, false},
		"half a header":                 {whole[:9], false, false},
		"a letter of it":                {whole[:1], false, false},
		"zeros":                         {make([]byte, 4096), false, false},
		"a few zeros":                   {make([]byte, 7), false, false},
		"two letters of it, then zeros": {append([]byte("ZK"), make([]byte, 4094)...), false, false},
		"its zeros, then text":          {append([]byte("ZK"), "\x00\x00hello, you there"...), false, true},
		"a word":                        {[]byte("hello\n"), false, true},
		"text":                          {[]byte("# moved on Friday, ask Ada\n"), false, true},
		"a snapshot":                    {append([]byte("ZKSN"), whole[4:]...), false, true},
	} {
		_, err := record.NewScanner(open(tc.content))
		if (err == nil) != tc.fine || errors.Is(err, record.ErrHeader) != tc.no ||
			err != nil && !record.Unreadable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHeld: a broken record hides itself and no other.
func TestHeld(t *testing.T) {
	p, size := log(9)
	for _, tc := range []struct {
		name  string
		do    func(p []byte) []byte
		at    int64
		after jute.Zxid
		want  disk.Held
	}{
		{"whole", func(p []byte) []byte { return p }, 0, 0, disk.Held{Records: 9, First: 1, Last: 9}},
		{"from the fourth on", func(p []byte) []byte { return p }, int64(16 + 3*size), 0,
			disk.Held{Records: 6, First: 4, Last: 9}},
		{"above the seventh", func(p []byte) []byte { return p }, 0, 7,
			disk.Held{Records: 2, First: 8, Last: 9}},
		{"first and fifth broken", func(p []byte) []byte {
			p[16+15] ^= 1
			p[16+4*size+20] ^= 1
			return p
		}, 0, 0, disk.Held{Records: 7, First: 2, Last: 9}},
		{"last broken", func(p []byte) []byte { return p[:len(p)-1] }, 0, 0,
			disk.Held{Records: 8, First: 1, Last: 8}},
		{"a hole of zeros", func(p []byte) []byte {
			clear(p[16+2*size : 16+5*size])
			return append(p, make([]byte, 100)...)
		}, 0, 0, disk.Held{Records: 6, First: 1, Last: 9}},
		{"no header", func(p []byte) []byte { clear(p[:16]); return p }, 0, 0,
			disk.Held{Records: 9, First: 1, Last: 9}},
		{"one twice", func(p []byte) []byte { return append(p, p[len(p)-size:]...) }, 0, 0,
			disk.Held{Records: 9, First: 1, Last: 9}},
		{"nothing", func([]byte) []byte { return nil }, 0, 0, disk.Held{}},
		{"behind the end", func(p []byte) []byte { return p }, 1 << 20, 0, disk.Held{}},
	} {
		s, err := record.ScannerAt(open(tc.do(bytes.Clone(p))), tc.at)
		if err != nil {
			t.Fatal(err)
		}
		zxids := map[jute.Zxid]bool{}
		s.Held(tc.after, zxids)
		if got := record.HeldIn(zxids); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// TestSkipToGoodAtTheEnd: behind the end there is nothing, and that is no error.
func TestSkipToGoodAtTheEnd(t *testing.T) {
	p, _ := log(1)
	s, err := record.NewScanner(open(p))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Next(); err != io.EOF {
		t.Fatal(err)
	}
	if at, found, err := s.SkipToGood(); found || err != nil {
		t.Fatal(at, found, err)
	}
}
