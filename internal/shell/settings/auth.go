package settings

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"quoll/client"
	"quoll/internal/shell/fault"
)

// Credential is an identity of the connection.
type Credential struct {
	Scheme string
	Secret []byte
}

// ParseCredential reads scheme:credentials.
func ParseCredential(line string) (Credential, error) {
	scheme, secret, ok := strings.Cut(line, ":")
	if !ok || scheme == "" {
		return Credential{}, fault.Usage(
			"an identity is scheme:credentials, such as digest:ann:secret")
	}
	return Credential{scheme, []byte(secret)}, nil
}

// parseLines reads credentials, one a line. # begins a comment. An error does not tell the line's
// text: it may be a secret.
func parseLines(text []byte, from string) ([]Credential, error) {
	var all []Credential
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		c, err := ParseCredential(line)
		if err != nil {
			return nil, fault.Usage("%s, line %d: not scheme:credentials", from, n)
		}
		all = append(all, c)
	}
	return all, lines.Err()
}

// needsPassword reports whether only the name of a digest identity is there.
func (c Credential) needsPassword() bool {
	return c.Scheme == "digest" && !bytes.ContainsRune(c.Secret, ':')
}

// Complete asks for the password of an identity that lacks it. ask reads it without echo.
func (c Credential) Complete(ask func(prompt string) ([]byte, error)) (Credential, error) {
	if !c.needsPassword() {
		return c, nil
	}
	password, err := ask("password of " + string(c.Secret) + ": ")
	if err != nil {
		return c, err
	}
	c.Secret = append(append(bytes.Clone(c.Secret), ':'), password...)
	return c, nil
}

// authOptions are the client's options for the identities. The file and the command are read again
// at each connect, because secrets change.
func (s *Settings) authOptions(ask func(string) ([]byte, error)) ([]client.Option, error) {
	var opts []client.Option
	for _, line := range s.Auth {
		c, err := ParseCredential(line)
		if err == nil {
			c, err = c.Complete(ask)
		}
		if err != nil {
			return nil, err
		}
		opts = append(opts, fixed(c))
	}
	for _, src := range []source{{s.AuthFile, readAuthFile}, {s.AuthCommand, runAuthCommand}} {
		more, err := src.options()
		if err != nil {
			return nil, err
		}
		opts = append(opts, more...)
	}
	return opts, nil
}

func fixed(c Credential) client.Option {
	return client.WithAuth(c.Scheme, func(context.Context) ([]byte, error) { return c.Secret, nil })
}

// source is where credentials are read: a file or a command.
type source struct {
	from string // "": none
	read func(ctx context.Context, from string) ([]byte, error)
}

func readAuthFile(_ context.Context, name string) ([]byte, error) { return os.ReadFile(name) }

func runAuthCommand(ctx context.Context, command string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("auth_command: %w", err)
	}
	return text, nil
}

func (s source) credentials(ctx context.Context) ([]Credential, error) {
	text, err := s.read(ctx, s.from)
	if err != nil {
		return nil, &fault.Error{Code: fault.CodeAuth, Name: "AuthFile", Err: err}
	}
	return parseLines(text, s.from)
}

// options has an option for each credential there is now.
func (s source) options() ([]client.Option, error) {
	if s.from == "" {
		return nil, nil
	}
	found, err := s.credentials(context.Background())
	if err != nil {
		return nil, err
	}
	opts := make([]client.Option, len(found))
	for i, c := range found {
		opts[i] = client.WithAuth(c.Scheme, func(ctx context.Context) ([]byte, error) {
			now, err := s.credentials(ctx)
			if err != nil || i >= len(now) {
				return nil, err
			}
			return now[i].Secret, nil
		})
	}
	return opts, nil
}
