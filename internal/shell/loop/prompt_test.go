package loop

import (
	"strings"
	"testing"
	"time"

	"quoll/client"
	"quoll/internal/shell/output"
	"quoll/internal/shell/settings"
	"quoll/internal/shell/verb"
	"quoll/internal/shell/verbs"
	"quoll/zktest"
)

// Who is about to write to a protected context sees red, whatever colour it has.
func TestPromptOfAContext(t *testing.T) {
	servers := zktest.Start(t).Servers()
	for _, tc := range []struct {
		protected bool
		color     string
		when      string
		begins    string
	}{
		{true, "blue", "always", "\x1b[31m[prod rw "},
		{false, "blue", "always", "\x1b[34m[prod rw "},
		{false, "", "always", "[prod rw "},
		{true, "", "never", "[prod rw "},
	} {
		set := settings.Default()
		set.Servers, set.Context, set.Protected = servers, "prod", tc.protected
		set.PromptColor, set.Color = tc.color, tc.when
		out := &screen{}
		s := New(Options{Table: verbs.Table(), Settings: set, Host: &verb.Host{
			Stdin: strings.NewReader(""), Stdout: out, Stderr: out,
			Getenv: func(string) string { return "" },
		}})
		s.editor = out
		s.typedLine(t.Context(), "cd /zookeeper")
		eventually(t, "the server's role is not in the prompt", func() bool {
			return strings.Contains(s.prompt(), " standalone:"+servers+"] /zookeeper> ")
		})
		prompt := s.prompt()
		if !strings.HasPrefix(prompt, tc.begins) ||
			strings.HasPrefix(tc.begins, "\x1b") != strings.HasSuffix(prompt, "> \x1b[0m") {
			t.Errorf("%+v: %q", tc, prompt)
		}
		s.typedLine(t.Context(), "create /zookeeper/x") // nobody can be asked
		if asked := s.code == 2 && strings.Contains(out.take(), "--yes"); asked != tc.protected {
			t.Errorf("%+v: exit code %d", tc, s.code)
		}
		s.session.Close()
	}
}

// printwatches off is for events: they are lost.
func TestPrintWatchesOff(t *testing.T) {
	s, out := textShell(t, zktest.Start(t).Servers())
	event := output.EventOf(client.Event{Kind: client.DataChanged, Path: "/a"}, time.Now())
	for _, tc := range []struct{ line, told string }{
		{"printwatches off", ""}, {"printwatches on", "DataChanged /a 0x0\n"},
	} {
		s.typedLine(t.Context(), tc.line)
		s.tell(event)
		if got := out.take(); got != tc.told {
			t.Errorf("%s: %q", tc.line, got)
		}
	}
}
