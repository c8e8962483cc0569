package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"quoll/jute"
)

// Reconfig is what a leader needs to know to judge a reconfig.
type Reconfig struct {
	Rules
	Enabled bool // reconfigEnabled
	// Synced says which servers have the leader's history now, the leader among them.
	Synced func(jute.PeerID) bool
	// Resolve finds the address of a host by name. false, or no Resolve: it has none now, and is
	// not compared with others.
	Resolve func(host string) (netip.Addr, bool)
}

// Next is the configuration that a reconfig request makes, with the zxid of the reconfig as its
// version. The error wraps the code with which Apache answers: ReconfigDisabled, in progress, a
// version that is not the current one, BadArguments, MarshallingError for numbers that are none,
// NewConfigNoQuorum. Who may ask is checked by the caller, the session before and WRITE on
// /zookeeper/config after this.
func (r *Reconfig) Next(now Joint, req *jute.ReconfigRequest, zxid jute.Zxid) (*Config, error) {
	last := now.Committed
	switch {
	case !r.Enabled:
		return nil, fmt.Errorf("reconfigEnabled is false: %w", jute.ReconfigDisabled)
	case now.LastSeen != nil && now.LastSeen.Version != last.Version:
		return nil, fmt.Errorf("another is under way: %w", jute.ReconfigInProgress)
	case req.CurConfigID != -1 && req.CurConfigID != last.Version:
		return nil, fmt.Errorf("the version is %d and not %d: %w", last.Version, req.CurConfigID,
			jute.BadVersion)
	}
	next, err := r.members(last, req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, Code(err))
	}
	least := 1
	if r.Standalone {
		least = 2
	}
	if len(next.voters) < least {
		return nil, fmt.Errorf("%d servers would vote, at least %d must: %w", len(next.voters),
			least, jute.BadArguments)
	}
	if !next.Quorum(r.Synced) {
		return nil, fmt.Errorf("no quorum of the new members is synced: %w",
			jute.NewConfigNoQuorum)
	}
	return next.WithVersion(int64(zxid)), nil
}

// members makes the new members, either all of them or by those that leave and those that join.
func (r *Reconfig) members(last *Config, req *jute.ReconfigRequest) (*Config, error) {
	if req.NewMembers != nil {
		return ParseText(strings.ReplaceAll(string(req.NewMembers), ",", "\n"), r.Rules)
	}
	if last.Groups != nil {
		return nil, fmt.Errorf("members with groups change all at once only: %w", ErrText)
	}
	ids := make([]int64, 0, len(last.Members))
	byID := map[int64]Member{}
	for i := range last.Members {
		id := int64(last.Members[i].ID)
		ids, byID[id] = append(ids, id), last.Members[i]
	}
	order := copyOf(ids)
	for _, text := range list(req.LeavingServers, ",") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not the number of a server: %w", text, ErrNumber)
		}
		order.remove(id, hashNumber(id))
	}
	for _, text := range list(req.JoiningServers, ",") {
		m, err := r.joiner(text)
		if err != nil {
			return nil, err
		}
		id := int64(m.ID)
		for _, other := range order.keys() {
			if o := byID[other]; o.ID != m.ID {
				if err := r.distinct(&m, &o); err != nil {
					return nil, err
				}
			}
		}
		order.remove(id, hashNumber(id))
		order.add(id, hashNumber(id))
		byID[id] = m
	}
	var c Config
	for _, id := range order.keys() {
		c.Members = append(c.Members, byID[id])
	}
	return newConfig(c), nil
}

// joiner reads server.N=address;client, where the client's part must be.
func (r *Reconfig) joiner(text string) (Member, error) {
	parts := list([]byte(text), "=")
	if len(parts) != 2 {
		return Member{}, fmt.Errorf("%q is not server.N=address: %w", text, ErrText)
	}
	number := parts[0][strings.LastIndexByte(parts[0], '.')+1:]
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return Member{}, fmt.Errorf("%q is not the number of a server: %w", number, ErrNumber)
	}
	m, err := ParseMember(jute.PeerID(id), parts[1], r.MultiAddress)
	if err == nil && m.Client.Host == "" {
		err = fmt.Errorf("server.%d: where clients connect is missing: %w", id, ErrText)
	}
	return m, err
}

// distinct refuses a joiner that wants the address and port of another member. Addresses that every
// machine has, and names without an address, are nobody's own.
func (r *Reconfig) distinct(m, other *Member) error {
	for _, a := range m.Listens() {
		mine, ok := r.resolve(a.Host)
		if !ok {
			continue
		}
		for _, b := range other.Listens() {
			if theirs, ok := r.resolve(b.Host); ok && mine == theirs && a.Port == b.Port {
				return fmt.Errorf("%v of server.%d is %v of server.%d: %w", a, m.ID, b, other.ID,
					ErrText)
			}
		}
	}
	return nil
}

func (r *Reconfig) resolve(host string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		if r.Resolve == nil {
			return ip, false
		}
		var ok bool
		if ip, ok = r.Resolve(host); !ok {
			return ip, false
		}
	}
	ip = ip.Unmap()
	return ip, !ip.IsUnspecified() && !ip.IsLoopback()
}

// list splits as StringUtils.split of Apache does: blanks around a part go, and so do empty parts.
func list(text []byte, separator string) []string {
	var all []string
	for _, part := range strings.Split(string(text), separator) {
		if part = Trim(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
