package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	ensemble "quoll/quorum/config"
)

// members reads the ensemble and refuses to be part of one: Quoll runs alone for
// now. Like Apache, it does so with one server line too, and takes its client
// address from it.
func (c *Config) members(s *settings, read readFile, lines []*setting) (problems []error) {
	q := &c.Quorum
	id, err := myID(read, c.Storage.DataDir)
	if err != nil {
		problems = append(problems, err)
	}
	q.ServerID = id
	voters, observers := 0, 0
	for _, set := range lines {
		if set.key.Name != "server.*" {
			continue
		}
		server, err := parseServer(set.name, set.value)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: %w", set.source, set.name, err))
			continue
		}
		if server.Observer {
			observers++
		} else {
			voters++
		}
		q.Servers = append(q.Servers, server)
	}
	slices.SortFunc(q.Servers, func(a, b Server) int { return cmp.Compare(a.ID, b.ID) })
	if len(problems) > 0 {
		return problems
	}
	if err := alone(voters, observers, q.Standalone); err != nil {
		return []error{err}
	}
	return c.clientAddress()
}

func alone(voters, observers int, standalone bool) error {
	switch {
	case voters == 0 && !standalone:
		return errors.New("standaloneEnabled is false: there must be a server line")
	case voters > 1, voters == 1 && !standalone:
		return fmt.Errorf("%d voters: an ensemble is not served yet, only a server alone", voters)
	case observers > 0:
		return errors.New("an observer needs an ensemble to observe")
	}
	return nil
}

// clientAddress takes the client address from the line of this server, which must
// not contradict clientPort.
func (c *Config) clientAddress() []error {
	mine := slices.IndexFunc(c.Quorum.Servers, func(s Server) bool {
		return s.ID == c.Quorum.ServerID
	})
	if mine < 0 || !c.Quorum.Servers[mine].Client.Set {
		return nil
	}
	theirs, ours := c.Quorum.Servers[mine].Client, c.Network.Client
	anywhere := ours.Host == "" || ours.Host == "0.0.0.0" || ours.Host == "::"
	if ours.Set && (ours.Port != theirs.Port || !anywhere && ours.Host != theirs.Host) {
		return []error{fmt.Errorf("clientPort says %s:%d and server.%d says %s:%d",
			ours.Host, ours.Port, c.Quorum.ServerID, theirs.Host, theirs.Port)}
	}
	c.Network.Client = theirs
	return nil
}

const noID = -1

// myID reads the file myid of the data directory; a server alone needs none.
func myID(read readFile, dataDir string) (int64, error) {
	if dataDir == "" {
		return noID, nil
	}
	text, err := read(filepath.Join(dataDir, "myid"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return noID, nil
	}
	if err != nil {
		return noID, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	id, err := strconv.ParseInt(strings.TrimSuffix(first, "\r"), 10, 64)
	if err != nil {
		return noID, fmt.Errorf("myid: %q is not a number", first)
	}
	return id, nil
}

// parseServer reads host:port:port[:role][|...][;[host:]port].
func parseServer(name, value string) (Server, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(name, "server."), 10, 64)
	if err != nil {
		return Server{}, errors.New("the number of the server is missing")
	}
	server := Server{ID: id}
	parts := javaSplit(value, ";")
	switch len(parts) {
	case 1:
	case 2:
		if server.Client, err = parseClient(parts[1]); err != nil {
			return Server{}, err
		}
	default:
		return Server{}, fmt.Errorf("%q has more than one address for clients", value)
	}
	role := ""
	for i, spec := range javaSplit(parts[0], "|") {
		address, r, err := parseAddress(spec)
		if err != nil {
			return Server{}, err
		}
		if i > 0 && r != role {
			return Server{}, errors.New("its addresses have different roles")
		}
		role = r
		server.Addresses = append(server.Addresses, address)
	}
	server.Observer = role == "observer"
	return server, nil
}

func parseClient(spec string) (Listener, error) {
	parts, err := hostAndPorts(spec)
	if err != nil {
		return Listener{}, err
	}
	host := "0.0.0.0"
	if len(parts) == 2 {
		host = parts[0]
	}
	if len(parts) > 2 {
		return Listener{}, fmt.Errorf("%q is neither a port nor host:port", spec)
	}
	port, err := parsePort(parts[len(parts)-1])
	return Listener{Set: true, Host: host, Port: port}, err
}

func parseAddress(spec string) (ServerAddress, string, error) {
	parts, err := hostAndPorts(spec)
	if err != nil {
		return ServerAddress{}, "", err
	}
	if len(parts) < 3 || len(parts) > 4 {
		return ServerAddress{}, "", fmt.Errorf("%q is not host:port:port or host:port:port:role",
			spec)
	}
	role := "participant"
	if len(parts) == 4 {
		role = strings.ToLower(ensemble.Trim(parts[3]))
	}
	if role != "participant" && role != "observer" {
		return ServerAddress{}, "", fmt.Errorf("there is no role %s", role)
	}
	quorum, err := parsePort(parts[1])
	if err != nil {
		return ServerAddress{}, "", err
	}
	election, err := parsePort(parts[2])
	if err != nil {
		return ServerAddress{}, "", err
	}
	if quorum == election {
		return ServerAddress{}, "", fmt.Errorf("%d is both quorum and election port", quorum)
	}
	return ServerAddress{parts[0], quorum, election}, role, nil
}

func parsePort(text string) (int, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a port", text)
	}
	return int(port), nil
}

// hostAndPorts splits at colons; an IPv6 address stands in brackets.
func hostAndPorts(spec string) ([]string, error) {
	rest, bracketed := strings.CutPrefix(spec, "[")
	if !bracketed {
		return javaSplit(spec, ":"), nil
	}
	host, ports, closed := strings.Cut(rest, "]")
	if !closed {
		return nil, fmt.Errorf("%q lacks its closing bracket", spec)
	}
	if ports == "" {
		return []string{host}, nil
	}
	if len(ports) < 2 || ports[0] != ':' {
		return nil, fmt.Errorf("%q lacks a port behind the bracket", spec)
	}
	return append([]string{host}, javaSplit(ports[1:], ":")...), nil
}

// javaSplit is String.split of Java: empty parts at the end are no parts, so that a separator there
// means nothing. The first part is always there.
func javaSplit(text, separator string) []string {
	parts := strings.Split(text, separator)
	for len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}
