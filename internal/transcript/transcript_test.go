package transcript

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// sum adds up the words of each command.
func sum(out *bytes.Buffer) func(words []string) {
	total := 0
	return func(words []string) {
		for _, word := range words {
			var n int
			_, _ = fmt.Sscan(word, &n)
			total += n
		}
		fmt.Fprintln(out, "   ", total)
	}
}

func TestWhatCommandsLeadTo(t *testing.T) {
	for _, row := range []struct{ name, script, difference string }{
		{"right", "# adds\n> 1 2\n    3\n\n> 4\n    7\n", ""},
		{"wrong", "> 1 2\n    4\n", "2: want\n    4\n\ngot\n    3\n"},
		{"a line too many", "> 1\n    1\n    1\n", "3: want\n    1\n\ngot\n"},
		{"no answer yet", "> 1\n> 2\n", "2: want\n> 2\n\ngot\n    1\n> 2\n    3\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			play(row.script, &out, sum(&out))
			require.Equal(t, row.difference, difference(row.script, out.String()))
		})
	}
}
