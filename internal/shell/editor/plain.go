package editor

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
)

// plain reads a script.
type plain struct {
	in  *bufio.Reader
	mu  sync.Mutex
	out *os.File
}

func newPlain(in, out *os.File) *plain { return &plain{in: bufio.NewReader(in), out: out} }

// ReadLine reads a line. The last one may lack its newline.
func (p *plain) ReadLine(string) (string, error) {
	line, err := p.in.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// Above prints.
func (p *plain) Above(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.out.WriteString(text) // nobody may read it
}
