package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// Flag, environment, context, default: who is stronger.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "quoll"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "current: near\ncontexts:\n  near: {servers: near, chroot: /n, protected: true}\n" +
		"  far: {servers: far, auth_file: /far.auth}\n"
	file := filepath.Join(dir, "quoll", "contexts.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		flags, env      string
		servers, chroot string
		protected       bool
	}{
		{"", "", "near", "/n", true},
		{"", "ZK_SERVERS=env", "env", "/n", true},
		{"server=flag", "ZK_SERVERS=env", "flag", "/n", true},
		{"", "QUOLL_CONTEXT=far", "far", "", false},
		{"context=far", "QUOLL_CONTEXT=near ZK_SERVERS=env", "far", "", false},
		{"context=far server=flag", "", "flag", "", false},
	} {
		s := Default()
		given := map[string]bool{}
		for _, flag := range strings.Fields(tc.flags) {
			name, value, _ := strings.Cut(flag, "=")
			given[name] = true
			*map[string]*string{"server": &s.Servers, "context": &s.Context}[name] = value
		}
		err := s.Resolve(func(f string) bool { return given[f] }, func(name string) string {
			for _, v := range append(strings.Fields(tc.env), "XDG_CONFIG_HOME="+dir) {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		})
		if err != nil || s.Servers != tc.servers || s.Chroot != tc.chroot ||
			s.Protected != tc.protected {
			t.Errorf("%q %q: %+v, %v", tc.flags, tc.env, s, err)
		}
	}
	s := Default()
	s.Context = "none"
	err := s.Resolve(func(f string) bool { return f == "context" }, func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": dir}[name]
	})
	if err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("an unknown context: %v", err)
	}
}

// NO_COLOR is heeded, unless the command line says otherwise.
func TestNoColor(t *testing.T) {
	for _, tc := range []struct {
		env   string
		given bool
		want  string
	}{{"", false, "auto"}, {"1", false, "never"}, {"1", true, "auto"}} {
		s := Default()
		err := s.Resolve(func(flag string) bool { return tc.given && flag == "color" },
			func(name string) string { return map[string]string{"NO_COLOR": tc.env}[name] })
		if err != nil || s.Color != tc.want {
			t.Errorf("%+v: %s, %v", tc, s.Color, err)
		}
	}
}

// What makes no sense is refused by the name of its flag, before anything is done.
func TestCheck(t *testing.T) {
	for flag, spoil := range map[string]func(s *Settings){
		"":                           func(*Settings) {},
		"-o tex":                     func(s *Settings) { s.Output = "tex" },
		"--color red":                func(s *Settings) { s.Color = "red" },
		"--session-timeout 0s":       func(s *Settings) { s.SessionTimeout = 0 },
		"--session-timeout 600h0m0s": func(s *Settings) { s.SessionTimeout = 600 * time.Hour },
		"--timeout -1s":              func(s *Settings) { s.Timeout = -time.Second },
	} {
		s := Default()
		spoil(&s)
		err := s.Check()
		if (err == nil) != (flag == "") || err != nil && !strings.HasPrefix(err.Error(), flag) {
			t.Errorf("%q: %v", flag, err)
		}
	}
}

// zkCli's commands have -s, -w and others for themselves: the flags that all verbs have are long.
func TestGlobalFlagsAreLong(t *testing.T) {
	s, f := Default(), pflag.NewFlagSet("", pflag.ContinueOnError)
	s.ConnectionFlags(f)
	s.RunFlags(f)
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Shorthand != "" && flag.Name != "output" {
			t.Errorf("--%s is -%s too", flag.Name, flag.Shorthand)
		}
	})
}

func TestParseLines(t *testing.T) {
	got, err := parseLines([]byte("# who\n\ndigest:ann:a:b\n  x509:\n"), "f")
	if err != nil || len(got) != 2 || string(got[0].Secret) != "ann:a:b" || got[1].Scheme != "x509" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := parseLines([]byte("ok:x\nsecret"), "f"); err == nil ||
		strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a wrong line is told without its text: %v", err)
	}
}

// The password of a digest identity is asked for when it is missing, and only then.
func TestComplete(t *testing.T) {
	for line, want := range map[string]string{
		"digest:ann": "ann:pw", "digest:ann:x": "ann:x", "x509:ann": "ann",
	} {
		c, err := ParseCredential(line)
		if err == nil {
			c, err = c.Complete(func(string) ([]byte, error) { return []byte("pw"), nil })
		}
		if err != nil || string(c.Secret) != want {
			t.Errorf("%s: %q, %v", line, c.Secret, err)
		}
	}
}

func TestRoot(t *testing.T) {
	for in, want := range map[string]string{
		"h:1,h:2 ": "", "h/a ": "/a", "h/a /b": "/a/b", "h /b/": "/b", "srv://_z._tcp.e/a ": "/a",
	} {
		servers, chroot, _ := strings.Cut(in, " ")
		s := Settings{Servers: servers, Chroot: chroot}
		if got := s.Root(); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
