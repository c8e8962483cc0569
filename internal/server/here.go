package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"

	"quoll/internal/config"
	"quoll/jute"
	"quoll/persistence/owner"
	"quoll/quorum/ports"
)

// Check returns an error if a server cannot start with the configuration on any machine. The error
// wraps config.ErrInvalid.
func Check(c *config.Config) error {
	if err := reactorConfig(c).Check(); err != nil {
		return fmt.Errorf("%w: %w", config.ErrInvalid, err)
	}
	return nil
}

// Here returns the reasons why a server with this configuration could not start on this machine
// now: names, ports, directories, rights. It makes no file and takes no lock.
func Here(c *config.Config) (problems []config.Warning) {
	add := func(key string, err error) {
		if err == nil {
			return
		}
		w := config.Warning{Key: key, Source: "here", Text: err.Error()}
		if !slices.Contains(problems, w) {
			problems = append(problems, w)
		}
	}
	if c.Network.Client.Set {
		add("clientPort", tryAddress(address(c.Network.Client)))
	}
	if me, ok := c.Quorum.Members.Member(jute.PeerID(c.Quorum.ServerID)); ok && c.Ensemble() {
		all := c.Quorum.ListenOnAllIPs
		for _, at := range append(ports.ListenElection(me, all), ports.ListenQuorum(me, all)...) {
			add(fmt.Sprintf("server.%d", me.ID), notOurs(tryAddress(at.String())))
		}
	}
	add("dataDir", tryDir(c.Storage.DataDir, c.Storage.AutoCreateDirs))
	if c.Storage.DataLogDir != c.Storage.DataDir {
		add("dataLogDir", tryDir(c.Storage.DataLogDir, c.Storage.AutoCreateDirs))
	}
	if file := c.Observability.AuditFile; c.Observability.Audit && file != "" {
		add("quoll.auditFile", owner.Writable(filepath.Dir(file)))
	}
	return problems
}

// tryAddress listens on an address for a moment, to find out whether that is possible.
func tryAddress(at string) error {
	if _, err := net.ResolveTCPAddr("tcp", at); err != nil {
		return err
	}
	door, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	return door.Close()
}

// tryDir checks the rights on version-2 in dir, or on the nearest directory above it that exists.
func tryDir(dir string, mayMake bool) error {
	path, err := filepath.Abs(filepath.Join(dir, "version-2"))
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		info, err := os.Stat(path)
		switch above := filepath.Dir(path); {
		case err == nil && !info.IsDir():
			return &fs.PathError{Op: "open", Path: path, Err: errors.New("not a directory")}
		case err == nil && !first && !mayMake:
			return fmt.Errorf("%s has no version-2 and datadir.autocreate is false", dir)
		case err == nil:
			return owner.Writable(path)
		case !errors.Is(err, fs.ErrNotExist) || above == path:
			return err
		default:
			path = above
		}
	}
}
