package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quoll/jute"
)

// What is wrong with a configuration; every error of this package wraps one of them.
var (
	// ErrText: what Apache reports as a ConfigException.
	ErrText = errors.New("not a configuration")
	// ErrNumber: what ends Apache's reader in another way: a number that is none, members that
	// make no ensemble. A reconfig of this kind is answered as one that cannot be read.
	ErrNumber = errors.New("not a possible configuration")
)

// Member is one server of an ensemble.
type Member struct {
	ID        jute.PeerID
	Addresses []Address // several with multiAddress.enabled
	Observer  bool      // it does not vote
	Client    HostPort  // where clients connect; Host is "" when the line does not say
	// StaticClient: Client came from clientPort and not from the line. The text leaves it out.
	StaticClient bool
}

// Address is where a member listens for its peers.
type Address struct {
	Host         string
	QuorumPort   int
	ElectionPort int
}

// Quorum is where the leader listens for its learners.
func (a Address) Quorum() HostPort { return HostPort{a.Host, a.QuorumPort} }

// Election is where the member listens in elections.
func (a Address) Election() HostPort { return HostPort{a.Host, a.ElectionPort} }

// Listens are all the places at which the member listens.
func (m *Member) Listens() []HostPort {
	var all []HostPort
	for _, a := range m.Addresses {
		all = append(all, a.Quorum(), a.Election())
	}
	if m.Client.Host != "" {
		all = append(all, m.Client)
	}
	return all
}

// ParseMember reads host:port:port[:role][|...][;[host:]port], the value of a server line. Several
// addresses are allowed with multi (multiAddress.enabled).
func ParseMember(id jute.PeerID, value string, multi bool) (Member, error) {
	m := Member{ID: id}
	parts := javaSplit(value, ";")
	switch len(parts) {
	case 1:
	case 2:
		var err error
		if m.Client, err = parseClient(parts[1]); err != nil {
			return Member{}, err
		}
	default:
		return Member{}, fmt.Errorf("%q has more than one address for clients: %w", value, ErrText)
	}
	specs := javaSplit(parts[0], "|")
	if len(specs) > 1 && !multi {
		return Member{}, fmt.Errorf("several addresses need multiAddress.enabled=true: %w", ErrText)
	}
	role := ""
	for _, spec := range specs {
		address, r, err := parseAddress(spec)
		if err != nil {
			return Member{}, err
		}
		if role == "" {
			role = r
		}
		if r != "" && r != role {
			return Member{}, fmt.Errorf("its addresses have different roles: %w", ErrText)
		}
		m.Addresses = append(m.Addresses, address)
	}
	m.Observer = role == "observer"
	return m, nil
}

func parseClient(spec string) (HostPort, error) {
	parts, err := hostAndPorts(spec)
	if err != nil {
		return HostPort{}, err
	}
	host := "0.0.0.0"
	if len(parts) == 2 {
		host = javaHost(parts[0])
	}
	if len(parts) > 2 {
		return HostPort{}, fmt.Errorf("%q is neither a port nor host:port: %w", spec, ErrText)
	}
	port, err := parsePort(parts[len(parts)-1])
	return HostPort{host, port}, err
}

// parseAddress returns "" as the role when none is said.
func parseAddress(spec string) (a Address, role string, err error) {
	parts, err := hostAndPorts(spec)
	if err != nil {
		return Address{}, "", err
	}
	if len(parts) < 3 || len(parts) > 4 {
		return Address{}, "", fmt.Errorf("%q is not host:port:port or host:port:port:role: %w",
			spec, ErrText)
	}
	a.Host = javaHost(parts[0])
	if a.QuorumPort, err = parsePort(parts[1]); err != nil {
		return Address{}, "", err
	}
	if a.ElectionPort, err = parsePort(parts[2]); err != nil {
		return Address{}, "", err
	}
	if a.QuorumPort == a.ElectionPort {
		return Address{}, "", fmt.Errorf("%d is both quorum and election port: %w", a.QuorumPort,
			ErrText)
	}
	if len(parts) == 4 {
		role = strings.ToLower(Trim(parts[3]))
		if role != "participant" && role != "observer" {
			return Address{}, "", fmt.Errorf("there is no role %s: %w", role, ErrText)
		}
	}
	return a, role, nil
}

// String is the value of the member's line as Apache prints it.
func (m *Member) String() string { return string(m.append(nil)) }

func (m *Member) append(dst []byte) []byte {
	addresses := m.Addresses
	if len(addresses) > 1 {
		addresses = slices.Clone(addresses)
		slices.SortStableFunc(addresses, func(a, b Address) int {
			return cmp.Compare(a.Host, b.Host)
		})
	}
	for i, a := range addresses {
		if i > 0 {
			dst = append(dst, '|')
		}
		dst = fmt.Appendf(dst, "%s:%d:%d", bracketed(a.Host), a.QuorumPort, a.ElectionPort)
	}
	if m.Observer {
		dst = append(dst, ":observer"...)
	} else {
		dst = append(dst, ":participant"...)
	}
	if m.Client.Host != "" && !m.StaticClient {
		dst = append(append(dst, ';'), m.Client.String()...)
	}
	return dst
}

// parseID reads the number behind the first dot of a name: server.1, group.1, weight.1.
func parseID(name string) (int64, error) {
	_, number, _ := strings.Cut(name, ".")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: the number is missing: %w", name, ErrNumber)
	}
	return id, nil
}
