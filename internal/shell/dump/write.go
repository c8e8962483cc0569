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
	w     *bufio.Writer
	root  string
	nodes int
}

// NewWriter writes the first line.
func NewWriter(w io.Writer, root, zxid string) (*Writer, error) {
	d := Resume(w, root, 0)
	return d, d.encode(Header{formatName, formatVersion, zxid, root})
}

// Resume goes on behind the nodes that are there.
func Resume(w io.Writer, root string, nodes int) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 64<<10), root: root, nodes: nodes}
}

// Node writes a node.
func (d *Writer) Node(n Node) error {
	d.nodes++
	return d.encode(n.line(d.root))
}

// Nodes is how many nodes there are.
func (d *Writer) Nodes() int { return d.nodes }

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
