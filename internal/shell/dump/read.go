package dump

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"quoll/internal/shell/walk"
)

// maxLine is the longest line: base64 of 48 MiB, far above what any server takes.
const maxLine = 64 << 20

// ErrCutOff: the file has no last line.
var ErrCutOff = errors.New("the file is cut off: the export was not finished")

// Reader reads a tree.
type Reader struct {
	Header Header
	// Offset is behind the last whole node that was read, and Last its path, below the root.
	Offset int64
	Last   string
	Nodes  int
	Denied int // of them, that could not be read

	name  string // of the file, for errors
	lines *bufio.Scanner
	n     int
}

// NewReader reads the first line.
func NewReader(r io.Reader, name string) (*Reader, error) {
	d := &Reader{name: name, lines: bufio.NewScanner(r)}
	d.lines.Buffer(nil, maxLine)
	d.lines.Split(wholeLines)
	text, err := d.line()
	if err == io.EOF {
		return nil, fmt.Errorf("%s: %w", name, ErrCutOff)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &d.Header); err != nil || d.Header.Format != formatName {
		return nil, fmt.Errorf("%s: the first line is not that of an export", name)
	}
	if d.Header.Version != formatVersion || d.Header.Root == "" {
		return nil, fmt.Errorf("%s: an export of version %d is not known", name, d.Header.Version)
	}
	d.Offset = int64(len(text) + 1)
	return d, nil
}

// wholeLines divides a file into lines. What follows the last newline is none: its end is missing.
func wholeLines(data []byte, _ bool) (advance int, line []byte, err error) {
	if at := bytes.IndexByte(data, '\n'); at >= 0 {
		return at + 1, data[:at], nil
	}
	return 0, nil, nil
}

func (d *Reader) line() ([]byte, error) {
	d.n++
	if d.lines.Scan() {
		return d.lines.Bytes(), nil
	}
	if err := d.lines.Err(); err != nil {
		return nil, fmt.Errorf("%s, line %d: %w", d.name, d.n, err)
	}
	return nil, io.EOF
}

// All goes through the nodes. An error is the last element: ErrCutOff if the last line is missing.
func (d *Reader) All() iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		for {
			node, last, err := d.next()
			if last || !yield(node, err) || err != nil {
				return
			}
		}
	}
}

func (d *Reader) next() (node Node, last bool, err error) {
	text, err := d.line()
	if err == io.EOF {
		return Node{}, false, fmt.Errorf("%s: %w", d.name, ErrCutOff)
	}
	if err != nil {
		return Node{}, false, err
	}
	node, end, err := parse(text, d.Header.Root)
	switch {
	case err != nil:
		err = fmt.Errorf("%s, line %d: %w", d.name, d.n, err)
	case end != nil && end.Nodes != d.Nodes:
		err = fmt.Errorf("%s: it has %d nodes, and says %d", d.name, d.Nodes, end.Nodes)
	case end != nil:
		return node, true, nil
	case d.Nodes > 0 && walk.Compare(node.Path, d.Last) <= 0:
		err = fmt.Errorf("%s, line %d: %s is out of order", d.name, d.n, node.Path)
	default:
		d.Nodes, d.Last = d.Nodes+1, node.Path
		if node.Denied {
			d.Denied++
		}
		d.Offset += int64(len(text) + 1)
	}
	return node, false, err
}
