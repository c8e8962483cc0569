package arch

import (
	"os"
	"testing"
)

// TestHouse holds the whole repository to DESIGN.md.
func TestHouse(t *testing.T) {
	found, err := Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}
