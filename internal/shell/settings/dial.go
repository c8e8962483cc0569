package settings

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"quoll/client"
	"quoll/internal/shell/contexts"
	"quoll/internal/shell/fault"
	"quoll/jute"
)

// Console is what connecting needs of the terminal.
type Console struct {
	Stderr io.Writer
	Ask    func(prompt string) ([]byte, error) // reads a secret without echo
}

// Client makes a client by the settings, and does not wait for a connection.
func (s *Settings) Client(con Console) (*client.Client, error) {
	opts, err := s.authOptions(con.Ask)
	if err != nil {
		return nil, err
	}
	opts = append(opts, client.WithSessionTimeout(s.SessionTimeout))
	if s.ReadOnly {
		opts = append(opts, client.WithReadOnly())
	}
	if s.secure() {
		config, err := s.tls()
		if err != nil {
			return nil, err
		}
		opts = append(opts, client.WithTLS(config))
	}
	if s.Debug {
		opts = append(opts, debug(con.Stderr)...)
	}
	chroot := strings.TrimSuffix(s.Chroot, "/")
	if chroot != "" && !jute.ValidPath([]byte(chroot)) {
		return nil, fault.Usage("--chroot %q is not a path", s.Chroot)
	}
	c, err := client.New(s.Servers+chroot, opts...)
	if err != nil {
		return nil, fault.Usage("--server: %w", err)
	}
	return c, nil
}

// secure reports whether connections are TLS.
func (s *Settings) secure() bool {
	return s.Secure || s.TLS != contexts.TLS{}
}

// DialTCP connects to one server without a session, for four letter words.
func (s *Settings) DialTCP(ctx context.Context, host string) (net.Conn, error) {
	if !s.secure() {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", host)
	}
	config, err := s.tls()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", host)
}

func (s *Settings) tls() (*tls.Config, error) {
	config := &tls.Config{ServerName: s.TLS.ServerName, MinVersion: tls.VersionTLS12}
	if s.TLS.CA != "" {
		text, err := os.ReadFile(s.TLS.CA)
		if err != nil {
			return nil, fault.Usage("--tls-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fault.Usage("--tls-ca: no certificate in %s", s.TLS.CA)
		}
	}
	if (s.TLS.Cert == "") != (s.TLS.Key == "") {
		return nil, fault.Usage("--tls-cert and --tls-key go together")
	}
	if s.TLS.Cert != "" {
		pair, err := tls.LoadX509KeyPair(s.TLS.Cert, s.TLS.Key)
		if err != nil {
			return nil, fault.Usage("--tls-cert, --tls-key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// debug tells what is sent and answered. Of an auth only the answer is told: no data and no secret
// is ever shown.
func debug(to io.Writer) []client.Option {
	logger := slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return []client.Option{
		client.WithLogger(logger),
		client.WithTrace(&client.Trace{
			Dialed: func(server string, took time.Duration, err error) {
				logger.Debug("dialed", "server", server, "took", took, "error", err)
			},
			Answered: func(op, path string, code jute.ErrorCode, took time.Duration) {
				logger.Debug("answered", "op", op, "path", fmt.Sprintf("%q", path), "code", code,
					"took", took)
			},
		}),
	}
}
