package progress_test

import (
	"bytes"
	"strings"
	"testing"

	"quoll/internal/shell/progress"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
)

// A person at a terminal sees how far it is, on standard error, and nothing is left of that. Nobody
// else does.
func TestLine(t *testing.T) {
	for _, tc := range []struct{ terminal, quiet, shown bool }{
		{true, false, true}, {true, true, false}, {false, false, false},
	} {
		var out, errs bytes.Buffer
		e := &verb.Env{
			Host: &verb.Host{Stdout: &out, Stderr: &errs, ErrTerminal: tc.terminal},
			Set:  settings.Settings{Quiet: tc.quiet},
		}
		line := progress.New(e, "exported")
		for range 1000 {
			line.Step()
		}
		line.End()
		got := errs.String()
		if tc.shown != strings.HasPrefix(got, "\rexported 1 nodes") ||
			tc.shown != strings.HasSuffix(got, "\r\x1b[K") || !tc.shown && got != "" || out.Len() > 0 {
			t.Errorf("%+v: %q, %q", tc, got, out.String())
		}
		if n := strings.Count(got, "nodes"); n > 20 {
			t.Errorf("it is written %d times for 1000 steps", n)
		}
	}
}
