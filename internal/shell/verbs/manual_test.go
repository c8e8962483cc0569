package verbs

import (
	"os"
	"strings"
	"testing"
)

// docs/shell.md has every verb, with the names that zkCli has for it.
func TestManualHasEveryVerb(t *testing.T) {
	manual, err := os.ReadFile("../../../docs/shell.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, maker := range Table() {
		v := maker()
		line := "| `" + v.Name + "`"
		if len(v.Aliases) > 0 {
			line += " (" + strings.Join(v.Aliases, ", ") + ")"
		}
		if line += " | " + v.Short + " |"; v.Run != nil && !strings.Contains(string(manual), line) {
			t.Errorf("docs/shell.md lacks the line %s", line)
		}
	}
}
