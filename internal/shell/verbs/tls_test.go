package verbs

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quoll/internal/authority"
	"quoll/internal/proxy"
	"quoll/zktest"
)

// secured is a bench, and a server behind TLS that asks for the client's certificate. The files are
// what the flags want.
type secured struct {
	*bench
	server, ca, cert, key string
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := authority.New()
	must(err)
	own, err := a.Issue("zk.test")
	must(err)
	line, err := proxy.StartTLS(&tls.Config{
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.Pool(),
	}, zktest.Start(t).Servers())
	must(err)
	t.Cleanup(line.Close)
	alice, err := a.Issue("alice")
	must(err)
	cert, key, err := authority.PEM(alice)
	must(err)
	dir := t.TempDir()
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		must(os.WriteFile(path, text, 0o600))
		return path
	}
	return &secured{
		bench: newBench(t), server: line.Addr(),
		ca: file("ca.pem", a.PEM()), cert: file("cert.pem", cert), key: file("key.pem", key),
	}
}

// A verb goes over TLS when its flags have the files for it. What is wrong with them, or with the
// server's certificate, is told with its name.
func TestTLSFlags(t *testing.T) {
	s := newSecured(t)
	flags := func(more ...string) []string {
		return append([]string{"--server", s.server, "--timeout", "2s"}, more...)
	}
	all := flags("--tls-ca", s.ca, "--tls-cert", s.cert, "--tls-key", s.key,
		"--tls-server-name", "zk.test")
	s.must(t, append(all, "create", "/a", "text")...)
	if got := s.must(t, append(all, "get", "/a")...); !strings.Contains(got, "text") {
		t.Errorf("got %q", got)
	}
	if got := s.must(t, append(all, "4lw", "ruok")...); !strings.Contains(got, "imok") {
		t.Errorf("a four-letter word: %q", got)
	}
	for _, wrong := range []struct {
		flags []string
		code  int
		words []string
	}{
		{flags("--tls-ca", s.ca, "--tls-cert", s.cert, "--tls-key", s.key), 6,
			[]string{s.server, "certificate", "127.0.0.1"}},
		{flags("--tls-server-name", "zk.test"), 6, []string{s.server, "unknown authority"}},
		{flags("--tls-ca", s.ca, "--tls-server-name", "zk.test"), 6,
			[]string{s.server, "certificate required"}},
		{flags(), 6, []string{s.server, "hung up"}},
		{flags("--tls-ca", s.key), 2, []string{"--tls-ca", s.key}},
		{flags("--tls-ca", s.ca+"x"), 2, []string{"--tls-ca", s.ca + "x"}},
		{flags("--tls-cert", s.cert), 2, []string{"--tls-key"}},
		{flags("--tls-key", s.key), 2, []string{"--tls-cert"}},
		{flags("--tls-cert", s.cert, "--tls-key", s.ca), 2, []string{"--tls-key"}},
	} {
		if code := s.do(append(wrong.flags, "get", "/a")...); code != wrong.code {
			t.Errorf("%q: exit code %d: %s", wrong.flags, code, s.err.String())
		}
		for _, word := range wrong.words {
			if !strings.Contains(s.err.String(), word) {
				t.Errorf("%q: no word of %q: %s", wrong.flags, word, s.err.String())
			}
		}
	}
}
