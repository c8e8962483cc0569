package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	ensemble "quoll/quorum/config"
)

// ErrInvalid is wrapped by every error about the text of a configuration. The
// process then ends with ExitInvalid.
var ErrInvalid = errors.New("invalid configuration")

// The exit codes of Apache's server.
const (
	ExitOK         = 0
	ExitUnexpected = 1  // any error without a code of its own
	ExitInvalid    = 2  // the command line or the configuration is wrong
	ExitDataDir    = 3  // a directory is missing or not ours
	ExitAdmin      = 4  // the AdminServer did not start
	ExitTxnLog     = 10 // the transaction log cannot be written
)

// Settings of a server without a zoo.cfg.
const (
	defaultDataDir    = "./quoll-data"
	defaultClientPort = "2181"
)

// Load reads a zoo.cfg and the values of -D, each "key=value". Without a file the
// data is in ./quoll-data and the port is 2181. One error, which wraps ErrInvalid,
// names everything that is wrong. The Config is valid also with an error: it has the
// settings that could be read, so that the failed start can be written to the audit
// log.
func Load(file string, defines []string) (*Config, error) {
	return LoadFrom(os.ReadFile, file, defines)
}

// LoadFrom is Load for files that read has, by their names. A server in a test has none on disk.
func LoadFrom(
	read func(name string) ([]byte, error), file string, defines []string,
) (*Config, error) {
	return load(read, file, defines)
}

// readFile returns the content of a file by its name. os.ReadFile is a readFile.
type readFile func(name string) ([]byte, error)

func load(read readFile, file string, defines []string) (*Config, error) {
	s := newSettings()
	lines := s.defines(defines)
	unread := s.readFile(read, file)
	for _, l := range lines {
		s.line(l.Key, l.Value, "-D")
	}
	c := &Config{File: file}
	c.Quorum.Members = &ensemble.Config{}
	problems := s.assign(c)
	if unread != nil {
		return c, invalid(append(problems, unread)...)
	}
	problems = append(problems, c.complete(s)...)
	members, err := s.readDynamic(read)
	if err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, c.members(s, read, members)...)
	s.check(c)
	c.Warnings, c.settings = s.warnings, *s
	if len(problems) > 0 {
		return c, invalid(problems...)
	}
	return c, nil
}

func (s *settings) readFile(read readFile, file string) error {
	if file == "" {
		s.line("dataDir", defaultDataDir, "default")
		s.line("clientPort", defaultClientPort, "default")
		return nil
	}
	text, err := read(file)
	if err != nil {
		return err
	}
	parsed, err := ensemble.ParseProperties(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	s.file(file, parsed)
	return nil
}

// readDynamic returns the lines about members. They are in dynamicConfigFile, which
// must have no other lines, or, if that is not set, in zoo.cfg itself.
func (s *settings) readDynamic(read readFile) (memberLines, error) {
	static := memberLines{lines: s.lines, form: ensemble.Static}
	for _, set := range s.families() {
		if name := set.key.Name; name == "server.*" || name == "group*" || name == "weight*" {
			static.set = append(static.set, set)
		}
	}
	file := s.get("dynamicConfigFile")
	if file == nil {
		return static, nil
	}
	if len(static.set) > 0 {
		return memberLines{}, fmt.Errorf(
			"%s: %s: belongs into the file that dynamicConfigFile names",
			static.set[0].source, static.set[0].name)
	}
	text, err := read(file.value)
	if err != nil {
		return memberLines{}, fmt.Errorf("dynamicConfigFile: %w", err)
	}
	lines, err := ensemble.ParseProperties(text)
	if err != nil {
		return memberLines{}, fmt.Errorf("%s: %w", file.value, err)
	}
	d := newSettings()
	d.file(file.value, lines)
	for _, p := range lines {
		name := ensemble.Trim(p.Key)
		k := d.named(name)
		if k == nil || k.Name != "server.*" && k.Name != "group*" && k.Name != "weight*" {
			return memberLines{}, fmt.Errorf(
				"%s:%d: %s: only members of the ensemble may stand here",
				filepath.Base(file.value), p.Line, name)
		}
	}
	s.warnings = append(s.warnings, d.warnings...)
	if version, ok := ensemble.FileVersion(file.value); ok {
		d.lines = append(d.lines, ensemble.VersionLine(version))
	}
	return memberLines{set: d.families(), lines: d.lines, form: ensemble.Dynamic}, nil
}

// invalid joins problems into one error that wraps ErrInvalid, with a line for each.
func invalid(problems ...error) error {
	return fmt.Errorf("%w: %w", ErrInvalid, errors.Join(problems...))
}

func relative(dir string) bool { return !filepath.IsAbs(dir) && !strings.HasPrefix(dir, ".") }
