package lines

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxHistory is how many lines are kept.
const maxHistory = 10_000

// History has the lines that were typed, those of earlier shells too.
type History struct {
	mu    sync.Mutex
	path  string // "": in memory alone
	lines []string
}

// HistoryPath is where the history is, by the environment: $XDG_STATE_HOME/quoll/history.
func HistoryPath(getenv func(string) string) string {
	dir := getenv("XDG_STATE_HOME")
	if dir == "" {
		dir = filepath.Join(getenv("HOME"), ".local", "state")
	}
	return filepath.Join(dir, "quoll", "history")
}

// OpenHistory reads the history of a file. With an error there is one in memory.
func OpenHistory(path string) (*History, error) {
	h := &History{}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, fmt.Errorf("history: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return h, fmt.Errorf("history: %w", err)
	}
	h.path = path
	scan := bufio.NewScanner(strings.NewReader(string(text)))
	scan.Buffer(nil, 2<<20)
	for scan.Scan() {
		h.lines = append(h.lines, scan.Text())
	}
	if n := len(h.lines) - maxHistory; n > 0 {
		h.lines = h.lines[n:]
		return h, h.rewrite()
	}
	return h, nil
}

// rewrite writes the file anew, shorter.
func (h *History) rewrite() error {
	temp := h.path + ".new"
	err := os.WriteFile(temp, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600)
	if err == nil {
		err = os.Rename(temp, h.path)
	}
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// Add keeps a line, unless it is secret or the same as the one before. Several shells may add to
// one file: each line is one write at its end.
func (h *History) Add(line string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if Secret(line) || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return nil
	}
	h.lines = append(h.lines, line)
	if h.path == "" {
		return nil
	}
	f, err := os.OpenFile(h.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	_, err = f.WriteString(line + "\n")
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// Secret reports whether a line is kept out of the history: one that begins with a blank, one that
// has more than one line, and one that names credentials.
func Secret(line string) bool {
	return line == "" || blank(line[0]) || strings.Contains(line, "\n") ||
		Credentials(strings.Fields(unquoted.Replace(line)))
}

// read-only: quotes stand anywhere in a word.
var unquoted = strings.NewReplacer(`"`, "", "'", "", `\`, "")

// Credentials reports whether words have credentials among them: those of auth, of --auth, and of
// ACLs that give a node to whoever has them, auth:ann:secret:cdrwa.
func Credentials(words []string) bool {
	for _, word := range words {
		nobody := strings.Contains(word, "auth::")
		if word == "auth" || word == "addauth" || strings.HasPrefix(word, "--auth") ||
			strings.Contains(word, "auth:") && !nobody {
			return true
		}
	}
	return false
}

// Len is how many lines there are.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.lines)
}

// At is the line i, the oldest being 0; "" if there is none.
func (h *History) At(i int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i < 0 || i >= len(h.lines) {
		return ""
	}
	return h.lines[i]
}
