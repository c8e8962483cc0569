package lines

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The file is for its owner alone, and has no secrets.
func TestHistory(t *testing.T) {
	dir := t.TempDir()
	path := HistoryPath(func(name string) string {
		return map[string]string{"XDG_STATE_HOME": dir}[name]
	})
	h, err := OpenHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"ls /", "ls /", "auth digest ann:secret", " set /x secret", "addauth digest a:secret",
		"get /a", "ls --auth digest:a:secret /", "loop 2 1s addauth digest a:secret", "",
		"'addauth' digest a:secret", `a"ut"h digest a:secret`, "acl set /a auth:ann:secret:r",
		"create /a x ip:::1:r,auth:ann:secret:cdrwa", "ls '--auth' digest:a:secret /",
	} {
		if err := h.Add(line); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "ls /\nget /a\n" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again, err := OpenHistory(path); err != nil || again.Len() != 2 || again.At(1) != "get /a" ||
		again.At(2) != "" || again.At(-1) != "" {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

func TestLongHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	var b strings.Builder
	for i := range maxHistory + 5 {
		b.WriteString("get /" + strconv.Itoa(i) + "\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := OpenHistory(path)
	if err != nil || h.Len() != maxHistory || h.At(0) != "get /5" {
		t.Errorf("%d lines from %s, %v", h.Len(), h.At(0), err)
	}
	if again, err := OpenHistory(path); err != nil || again.Len() != maxHistory {
		t.Errorf("the file has %d lines, %v", again.Len(), err)
	}
}
