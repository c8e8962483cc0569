package dump

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Writer writes a tree.
type Writer struct {
	w      *bufio.Writer
	root   string
	nodes  int
	denied int
}

// NewWriter writes the first line.
func NewWriter(w io.Writer, root, zxid string) (*Writer, error) {
	d := Resume(w, root, 0, 0)
	return d, d.encode(Header{formatName, formatVersion, zxid, root})
}

// Resume goes on behind the nodes that are there, of which some may not be read.
func Resume(w io.Writer, root string, nodes, denied int) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 64<<10), root: root, nodes: nodes, denied: denied}
}

// Node writes a node.
func (d *Writer) Node(n Node) error {
	d.nodes++
	if n.Denied {
		d.denied++
	}
	return d.encode(n.line(d.root))
}

// Nodes is how many nodes there are.
func (d *Writer) Nodes() int { return d.nodes }

// Denied is how many of them may not be read.
func (d *Writer) Denied() int { return d.denied }

// End writes the last line.
func (d *Writer) End() error {
	if err := d.encode(map[string]end{"end": {d.nodes}}); err != nil {
		return err
	}
	return d.Flush()
}

// Flush writes out what is buffered.
func (d *Writer) Flush() error { return d.w.Flush() }

func (d *Writer) encode(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err := d.w.Write(b.Bytes())
	return err
}
