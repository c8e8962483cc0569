package inspect

import (
	"fmt"
	"io"

	"quoll/jute"
	"quoll/persistence"
	"quoll/persistence/disk"
	"quoll/persistence/record"
)

// LogFile reads one log file for tools. It does not judge what it reads. Servers read with
// persistence.Dir.
type LogFile struct {
	file persistence.File
	s    *record.Scanner
	// Header is the file's header.
	Header jute.FileHeader
}

// OpenLogFile opens a log file and reads its header.
func OpenLogFile(fsys persistence.FS, name string) (*LogFile, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	l := &LogFile{file: f, Header: jute.FileHeader{Magic: jute.LogMagic}}
	l.s, err = record.NewScanner(f)
	if err == nil {
		var header [jute.FileHeaderBytes]byte
		if _, err = disk.ReadFull(f, header[:], 0); err == nil {
			_, err = jute.Decode(header[:], &l.Header)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l, nil
}

// Next returns the next transaction and the offset of its record. At the proper end it returns
// io.EOF. After any other error At is where reading stopped, and SkipToGood may find a record
// behind that place.
func (l *LogFile) Next() (e jute.Entry, at int64, err error) {
	payload, at, err := l.s.Next()
	if err != nil {
		if err != io.EOF {
			err = fmt.Errorf("%s at byte %d: %w", l.file.Name(), at, err)
		}
		return e, at, err
	}
	e, err = jute.ParseEntry(payload)
	if err != nil {
		err = fmt.Errorf("%s at byte %d: %w", l.file.Name(), at, err)
	}
	return e, at, err
}

// At is the offset of the record that Next reads.
func (l *LogFile) At() int64 { return l.s.Off() }

// Size is the size of the file with its padding.
func (l *LogFile) Size() int64 { return l.s.Size() }

// RestIsPadding says whether nothing but zeros follows the last record. It reads to the end.
func (l *LogFile) RestIsPadding() (bool, error) { return l.s.PaddingOnly() }

// SkipToGood looks for the next whole record behind a place where Next failed. If there is one,
// Next reads it.
func (l *LogFile) SkipToGood() (at int64, found bool, err error) { return l.s.SkipToGood() }

// Close closes the file.
func (l *LogFile) Close() error { return l.file.Close() }
