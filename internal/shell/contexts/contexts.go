package contexts

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// TLS has the files of a TLS connection.
type TLS struct {
	CA         string `yaml:"ca,omitempty"`
	Cert       string `yaml:"cert,omitempty"`
	Key        string `yaml:"key,omitempty"`
	ServerName string `yaml:"server_name,omitempty"`
}

// Context says where to connect to, and how.
type Context struct {
	Servers     string   `yaml:"servers"`
	Chroot      string   `yaml:"chroot,omitempty"`
	TLS         TLS      `yaml:"tls,omitempty"`
	Auth        []string `yaml:"auth,omitempty"`         // scheme:credentials, secrets
	AuthFile    string   `yaml:"auth_file,omitempty"`    // a file of such lines
	AuthCommand string   `yaml:"auth_command,omitempty"` // a command that prints such lines
	ReadOnly    bool     `yaml:"read_only,omitempty"`
	Protected   bool     `yaml:"protected,omitempty"` // every write is confirmed
	Color       string   `yaml:"color,omitempty"`     // of the prompt
}

// File is the file of contexts.
type File struct {
	Current  string             `yaml:"current,omitempty"`
	Contexts map[string]Context `yaml:"contexts"`
}

// ErrReadable refuses a file with secrets in it.
var ErrReadable = errors.New(
	"others may read it, and it has a secret: chmod 600, or use auth_command")

// Path is where the file is, by the environment: $XDG_CONFIG_HOME/quoll/contexts.yaml.
func Path(getenv func(string) string) string {
	dir := getenv("XDG_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(getenv("HOME"), ".config")
	}
	return filepath.Join(dir, "quoll", "contexts.yaml")
}

// Load reads the file. One that is not there is an empty one.
func Load(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{Contexts: map[string]Context{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("contexts: %w", err)
	}
	f := &File{}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true) // a misspelt "protected" must not go unnoticed
	if err := dec.Decode(f); err != nil {
		return nil, fmt.Errorf("contexts: %s: %w", path, err)
	}
	if f.Contexts == nil {
		f.Contexts = map[string]Context{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("contexts: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && f.secret() {
		return nil, fmt.Errorf("contexts: %s: %w", path, ErrReadable)
	}
	return f, nil
}

func (f *File) secret() bool {
	for _, c := range f.Contexts {
		if len(c.Auth) > 0 {
			return true
		}
	}
	return false
}

// Save writes the file, whole or not at all.
func (f *File) Save(path string) error {
	text, err := yaml.Marshal(f)
	if err != nil {
		return fmt.Errorf("contexts: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("contexts: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".contexts") // 0600 by CreateTemp
	if err != nil {
		return fmt.Errorf("contexts: %w", err)
	}
	_, err = temp.Write(text)
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return fmt.Errorf("contexts: %w", err)
	}
	return nil
}
