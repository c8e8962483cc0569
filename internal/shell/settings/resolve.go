package settings

import (
	"math"
	"time"

	"quoll/internal/shell/contexts"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
)

// Resolve fills in what the flags did not say: from the environment, then from the context. given
// tells which flags were given.
func (s *Settings) Resolve(given func(flag string) bool, getenv func(string) string) error {
	fromEnv := func(to *string, flag, name string) {
		if v := getenv(name); v != "" && !given(flag) {
			*to = v
		}
	}
	fromEnv(&s.Context, "context", "QUOLL_CONTEXT")
	c, err := s.context(getenv)
	if err != nil {
		return err
	}
	s.fill(c, given)
	// The environment is stronger than the current context, and weaker than a context that the
	// command line names.
	if !given("context") {
		fromEnv(&s.Servers, "server", "ZK_SERVERS")
		if file := getenv("ZK_AUTH_FILE"); file != "" && !given("auth") && !given("auth-file") {
			s.Auth, s.AuthFile, s.AuthCommand = nil, file, ""
		}
	}
	if getenv("NO_COLOR") != "" && !given("color") {
		s.Color = "never"
	}
	return s.Check()
}

// context is the context that is named, else the current one, else an empty one.
func (s *Settings) context(getenv func(string) string) (contexts.Context, error) {
	path := contexts.Path(getenv)
	f, err := contexts.Load(path)
	if err != nil {
		return contexts.Context{}, err
	}
	if s.Context == "" {
		s.Context = f.Current
	}
	if s.Context == "" {
		return contexts.Context{}, nil
	}
	c, ok := f.Contexts[s.Context]
	if !ok {
		return c, fault.Usage("there is no context %q in %s", s.Context, path)
	}
	return c, nil
}

// fill takes from a context what no flag has given.
func (s *Settings) fill(c contexts.Context, given func(flag string) bool) {
	text := func(to *string, flag, value string) {
		if value != "" && !given(flag) {
			*to = value
		}
	}
	text(&s.Servers, "server", c.Servers)
	text(&s.Chroot, "chroot", c.Chroot)
	text(&s.TLS.CA, "tls-ca", c.TLS.CA)
	text(&s.TLS.Cert, "tls-cert", c.TLS.Cert)
	text(&s.TLS.Key, "tls-key", c.TLS.Key)
	text(&s.TLS.ServerName, "tls-server-name", c.TLS.ServerName)
	if !given("auth") && !given("auth-file") {
		s.Auth, s.AuthFile, s.AuthCommand = c.Auth, c.AuthFile, c.AuthCommand
	}
	if !given("read-only") {
		s.ReadOnly = c.ReadOnly
	}
	s.Protected, s.PromptColor = c.Protected, c.Color
}

// Check refuses values that make no sense.
func (s *Settings) Check() error {
	if !output.Format(s.Output).Valid() {
		return fault.Usage("-o %s: the formats are %v", s.Output, output.Formats())
	}
	switch {
	case s.Color != "auto" && s.Color != "always" && s.Color != "never":
		return fault.Usage("--color %s: auto, always or never", s.Color)
	case s.SessionTimeout < time.Millisecond || s.SessionTimeout > maxSessionTimeout:
		return fault.Usage("--session-timeout %v: 1ms to %v", s.SessionTimeout, maxSessionTimeout)
	case s.Timeout < 0:
		return fault.Usage("--timeout %v is negative", s.Timeout)
	}
	return nil
}

// maxSessionTimeout is the longest one that the protocol has.
const maxSessionTimeout = math.MaxInt32 * time.Millisecond
