package arch

import (
	"go/build"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The rules about maps read the sources of the library. A test that was built with -trimpath does not
// know where they are.
func TestMain(m *testing.M) {
	if build.Default.GOROOT == "" {
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			panic(err)
		}
		build.Default.GOROOT = strings.TrimSpace(string(root))
	}
	m.Run()
}

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
