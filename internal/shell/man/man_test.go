package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quoll/internal/shell/verbs"
)

// Each verb has a page, with its flags and its examples.
func TestPages(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for _, maker := range verbs.Table() {
		v := maker()
		page := "quoll-" + strings.ReplaceAll(v.Name, " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(dir, page))
		if err != nil || v.Run != nil && !strings.Contains(string(text), "--timeout") {
			t.Errorf("%s: %v, %d bytes", page, err, len(text))
		}
	}
}
