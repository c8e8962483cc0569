package settings

import (
	"strings"
	"time"

	"github.com/spf13/pflag"

	"quoll/internal/shell/contexts"
)

// Settings are the global settings of a verb.
type Settings struct {
	Servers        string
	Context        string
	Chroot         string
	SessionTimeout time.Duration
	Timeout        time.Duration // of the whole verb; 0: none
	AuthFile       string
	Auth           []string // scheme:credentials
	AuthCommand    string   // of the context
	TLS            contexts.TLS
	Secure         bool // TLS, also without a file of ours
	ReadOnly       bool
	Output         string
	Color          string
	Yes            bool
	DryRun         bool
	Quiet          bool
	Debug          bool
	Protected      bool   // of the context: every write is confirmed
	PromptColor    string // of the context
}

// Default are the settings that nothing else says.
func Default() Settings {
	return Settings{
		Servers: "localhost:2181", SessionTimeout: 10 * time.Second, Timeout: 30 * time.Second,
		Output: "text", Color: "auto",
	}
}

// ConnectionFlags are the flags that say where to connect to, and how.
func (s *Settings) ConnectionFlags(f *pflag.FlagSet) {
	f.StringVar(&s.Servers, "server", s.Servers, "`LIST` of servers, h1:2181,h2 [$ZK_SERVERS]")
	f.StringVar(&s.Context, "context", s.Context, "`NAME` of a context [$QUOLL_CONTEXT]")
	f.StringVar(&s.Chroot, "chroot", s.Chroot, "all paths are below this `PATH`")
	f.DurationVar(&s.SessionTimeout, "session-timeout", s.SessionTimeout,
		"how long it lives without us")
	f.StringVar(&s.AuthFile, "auth-file", s.AuthFile,
		"`FILE` of lines scheme:credentials [$ZK_AUTH_FILE]")
	f.StringArrayVar(&s.Auth, "auth", s.Auth,
		"`SCHEME:CRED` of an identity; digest:NAME asks for the password")
	f.StringVar(&s.TLS.CA, "tls-ca", s.TLS.CA, "`FILE` of the servers' certificate authorities")
	f.StringVar(&s.TLS.Cert, "tls-cert", s.TLS.Cert, "`FILE` of our certificate")
	f.StringVar(&s.TLS.Key, "tls-key", s.TLS.Key, "`FILE` of our key")
	f.StringVar(&s.TLS.ServerName, "tls-server-name", s.TLS.ServerName,
		"`NAME` that the servers' certificate has to have")
	f.BoolVar(&s.ReadOnly, "read-only", s.ReadOnly, "a server without a quorum will do")
	f.BoolVar(&s.Debug, "debug", s.Debug, "tell on stderr what is sent and answered")
}

// RunFlags are the flags of one run of a verb, in the shell too.
func (s *Settings) RunFlags(f *pflag.FlagSet) {
	f.DurationVar(&s.Timeout, "timeout", s.Timeout, "of the whole verb; 0: none")
	f.StringVarP(&s.Output, "output", "o", s.Output,
		"`FORMAT`: text, json, jsonl, yaml, raw, zkcli")
	f.StringVar(&s.Color, "color", s.Color, "`WHEN`: auto, always, never [NO_COLOR]")
	f.BoolVar(&s.Yes, "yes", s.Yes, "ask nothing")
	f.BoolVar(&s.DryRun, "dry-run", s.DryRun, "say what would be done, and do nothing")
	f.BoolVar(&s.Quiet, "quiet", s.Quiet, "no progress, no warnings")
}

// Root is the node below which all paths are; "" if it is /.
func (s *Settings) Root() string {
	root := strings.TrimSuffix(s.Chroot, "/")
	servers := strings.TrimPrefix(s.Servers, "srv://")
	if at := strings.IndexByte(servers, '/'); at >= 0 {
		root = strings.TrimSuffix(servers[at:], "/") + root
	}
	return root
}
