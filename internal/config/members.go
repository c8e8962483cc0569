package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"quoll/jute"
	ensemble "quoll/quorum/config"
)

// memberLines are the lines that say who is in the ensemble. set has them with their sources. lines
// has them in the form that Apache reads, together with the other lines of zoo.cfg, because the
// order in which Apache writes the members depends on all lines.
type memberLines struct {
	set   []*setting
	lines []ensemble.Property
	form  ensemble.Form
}

// members reads the members of the ensemble. Like Apache, a server runs alone also with
// one server line, and takes its client address from that line.
func (c *Config) members(s *settings, read readFile, m memberLines) (problems []error) {
	q := &c.Quorum
	id, err := myID(read, c.Storage.DataDir)
	if err != nil {
		problems = append(problems, err)
	}
	q.ServerID = id
	rules := ensemble.Rules{
		Standalone: q.Standalone, MultiAddress: s.isTrue("multiAddress.enabled"),
	}
	for _, set := range m.set {
		if set.key.Name != "server.*" {
			continue
		}
		if err := checkLine(set, rules); err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: %w", set.source, set.name, err))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	parsed, err := ensemble.Parse(m.lines, m.form, rules)
	if err != nil {
		return []error{err}
	}
	q.Members = parsed
	problems = c.clientAddress()
	if !c.Ensemble() {
		s.aboutLoner(&m)
		return problems
	}
	problems = append(problems, c.inEnsemble(s)...)
	s.aboutEnsemble(c)
	return problems
}

// checkLine checks one server line by itself, so that every wrong line is named.
func checkLine(set *setting, rules ensemble.Rules) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(set.name, "server."), 10, 64)
	if err != nil {
		return errors.New("the number of the server is missing")
	}
	_, err = ensemble.ParseMember(jute.PeerID(id), set.value, rules.MultiAddress)
	return err
}

// Ensemble says whether the server is configured as a member of an ensemble. One voter is an
// ensemble only with standaloneEnabled=false.
func (c *Config) Ensemble() bool {
	voters := len(c.Quorum.Members.Voters())
	return voters > 1 || voters == 1 && !c.Quorum.Standalone
}

// clientAddress takes the client address from the line of this server, which must
// not contradict clientPort.
func (c *Config) clientAddress() []error {
	id := jute.PeerID(c.Quorum.ServerID)
	mine, ok := c.Quorum.Members.Member(id)
	ours := c.Network.Client
	switch {
	case !ok:
		return nil
	case mine.Client.Host == "":
		if ours.Set {
			c.Quorum.Members = c.Quorum.Members.WithClient(id,
				ensemble.HostPort{Host: orWildcard(ours.Host), Port: ours.Port})
		}
		return nil
	}
	theirs := Listener{Set: true, Host: short(mine.Client.Host), Port: mine.Client.Port}
	anywhere := ours.Host == "" || ours.Host == "0.0.0.0" || ours.Host == "::"
	if ours.Set && (ours.Port != theirs.Port || !anywhere && short(ours.Host) != theirs.Host) {
		return []error{fmt.Errorf("clientPort says %s:%d and server.%d says %s:%d",
			ours.Host, ours.Port, c.Quorum.ServerID, theirs.Host, theirs.Port)}
	}
	c.Network.Client = theirs
	return nil
}

func orWildcard(host string) string {
	if host == "" {
		return "0.0.0.0"
	}
	return host
}

// short writes an IPv6 address in its short form.
func short(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.String()
	}
	return host
}

const noID = -1

// myID reads the file myid of the data directory. It returns noID if there is none, because a
// server alone needs none.
func myID(read readFile, dataDir string) (int64, error) {
	if dataDir == "" {
		return noID, nil
	}
	file := filepath.Join(dataDir, "myid")
	text, err := read(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return noID, nil
	}
	if err != nil {
		return noID, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	id, err := strconv.ParseInt(strings.TrimSuffix(first, "\r"), 10, 64)
	if err != nil {
		return noID, fmt.Errorf("myid: the first line of %s is %q, and not a number", file, first)
	}
	return id, nil
}
