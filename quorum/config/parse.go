package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"quoll/jute"
)

// Rules are what a server's settings say about configurations.
type Rules struct {
	Standalone   bool // standaloneEnabled: one voter is no ensemble
	MultiAddress bool // multiAddress.enabled
}

// Form is where the lines of a configuration stand.
type Form bool

// With Static other keys may stand beside the members, and mean something else; with Dynamic they
// are errors.
const (
	Static  Form = false // zoo.cfg
	Dynamic Form = true  // a dynamic file, the node, a packet
)

// Parse reads the lines of a configuration, in the order of the file. Of two lines with one key the
// second counts. It also refuses members that make no ensemble, see Check.
func Parse(lines []Property, form Form, rules Rules) (*Config, error) {
	values, names := map[string]string{}, newNames()
	for _, l := range lines {
		if _, twice := values[l.Key]; !twice {
			names.add(l.Key, hashName(l.Key))
		}
		values[l.Key] = l.Value
	}
	p := parser{rules: rules, values: values, groupOf: map[int64]int64{},
		groups: map[int64]bool{}, grouped: newNumbers(), weighted: newNumbers(),
		weights: map[int64]int64{}, members: map[int64]Member{}, numbers: newNumbers()}
	for _, name := range names.keys() {
		isGroup := strings.HasPrefix(name, "group") || strings.HasPrefix(name, "weight")
		p.hierarchical = p.hierarchical || isGroup
		if form == Dynamic && !isGroup && !strings.HasPrefix(name, "server.") && name != "version" {
			return nil, fmt.Errorf("%s: only members of the ensemble may stand here: %w", name,
				ErrText)
		}
	}
	for _, name := range names.keys() {
		if err := p.line(name); err != nil {
			return nil, err
		}
	}
	c, err := p.config()
	if err != nil {
		return nil, err
	}
	return c, c.Check(rules)
}

// ParseText reads a configuration that another server sent, or that stands in the node.
func ParseText(text string, rules Rules) (*Config, error) {
	lines, err := parseCharacters(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrNumber)
	}
	return Parse(lines, Dynamic, rules)
}

// Check refuses members that make no ensemble, as Apache does. One voter alone is none with
// standaloneEnabled, and no error: it is served by a server alone.
func (c *Config) Check(rules Rules) error {
	voters, observers := len(c.voters), len(c.Members)-len(c.voters)
	switch {
	case voters == 0 && !rules.Standalone:
		return fmt.Errorf("standaloneEnabled is false: there must be a server line of a voter: %w",
			ErrNumber)
	case observers > 0 && (voters == 0 || voters == 1 && rules.Standalone):
		return fmt.Errorf("an observer needs an ensemble to observe: %w", ErrNumber)
	}
	return nil
}

// parser collects what the lines say, each kind in a table that keeps Java's order.
type parser struct {
	rules        Rules
	values       map[string]string
	hierarchical bool
	version      int64

	members  map[int64]Member
	numbers  *table[int64] // of members
	groupOf  map[int64]int64
	grouped  *table[int64] // members that are in a group
	groups   map[int64]bool
	weights  map[int64]int64
	weighted *table[int64] // members that have a weight
}

func (p *parser) line(name string) (err error) {
	value := p.values[name]
	switch {
	case strings.HasPrefix(name, "server."):
		err = p.server(name, value)
	case p.hierarchical && strings.HasPrefix(name, "group"):
		err = p.group(name, value)
	case p.hierarchical && strings.HasPrefix(name, "weight"):
		err = p.weight(name, value)
	case name == "version":
		if p.version, err = strconv.ParseInt(value, 16, 64); err != nil {
			return fmt.Errorf("version: %q is not a number: %w", value, ErrNumber)
		}
	}
	return err
}

func (p *parser) server(name, value string) error {
	id, err := parseID(name)
	if err != nil {
		return err
	}
	if _, twice := p.members[id]; twice {
		return fmt.Errorf("%s: there is a line for server %d already: %w", name, id, ErrText)
	}
	m, err := ParseMember(jute.PeerID(id), value, p.rules.MultiAddress)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.members[id] = m
	p.numbers.add(id, hashNumber(id))
	return nil
}

func (p *parser) group(name, value string) error {
	id, err := parseID(name)
	if err != nil {
		return err
	}
	if p.groups[id] {
		return fmt.Errorf("%s: there is a line for group %d already: %w", name, id, ErrText)
	}
	p.groups[id] = true
	for _, text := range javaSplit(value, ":") {
		member, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%s: %q is not the number of a server: %w", name, text, ErrNumber)
		}
		if _, twice := p.groupOf[member]; twice {
			return fmt.Errorf("%s: server %d is in two groups: %w", name, member, ErrText)
		}
		p.groupOf[member] = id
		p.grouped.add(member, hashNumber(member))
	}
	return nil
}

func (p *parser) weight(name, value string) error {
	id, err := parseID(name)
	if err != nil {
		return err
	}
	weight, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return fmt.Errorf("%s: %q is not a weight: %w", name, value, ErrNumber)
	}
	if _, twice := p.weights[id]; twice {
		return fmt.Errorf("%s: there is a weight of server %d already: %w", name, id, ErrText)
	}
	p.weights[id] = weight
	p.weighted.add(id, hashNumber(id))
	return nil
}

func (p *parser) config() (*Config, error) {
	c := Config{Version: p.version}
	for _, id := range p.numbers.keys() {
		c.Members = append(c.Members, p.members[id])
	}
	if !p.hierarchical {
		return newConfig(c), nil
	}
	for i := range c.Members {
		m := &c.Members[i]
		id := int64(m.ID)
		if m.Observer {
			continue
		}
		if _, ok := p.groupOf[id]; !ok {
			return nil, fmt.Errorf("server %d is in no group: %w", id, ErrText)
		}
		if _, ok := p.weights[id]; !ok {
			p.weights[id] = 1
			p.weighted.add(id, hashNumber(id))
		}
	}
	for _, id := range p.grouped.keys() {
		if _, ok := p.weights[id]; !ok {
			return nil, fmt.Errorf("server %d is in a group and has no weight: %w", id, ErrNumber)
		}
	}
	// Apache prints the groups out of a map of their own, in which they came by member.
	groups, of := newNumbers(), map[int64][]jute.PeerID{}
	for _, id := range p.grouped.keys() {
		g := p.groupOf[id]
		if of[g] == nil {
			groups.add(g, hashNumber(g))
		}
		of[g] = append(of[g], jute.PeerID(id))
	}
	c.Groups = []Group{}
	for _, g := range groups.keys() {
		c.Groups = append(c.Groups, Group{ID: g, Members: of[g]})
	}
	for _, id := range p.weighted.keys() {
		c.Weights = append(c.Weights, Weight{Member: jute.PeerID(id), Weight: p.weights[id]})
	}
	return newConfig(c), nil
}

// FileVersion is the version in the name of a dynamic file: zoo.cfg.dynamic.100000000. false when
// the name ends in none.
func FileVersion(name string) (version int64, ok bool) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return 0, false
	}
	version, err := strconv.ParseInt(name[dot+1:], 16, 64)
	return version, err == nil
}

// ParseFile reads a dynamic file. Its version is the one in its name, 0 when there is none, and no
// line may say another.
func ParseFile(name string, text []byte, rules Rules) (*Config, error) {
	lines, err := ParseProperties(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrNumber)
	}
	if slices.ContainsFunc(lines, func(l Property) bool { return l.Key == "version" }) {
		return nil, fmt.Errorf("the version stands in the name of the file: %w", ErrText)
	}
	if version, ok := FileVersion(name); ok {
		lines = append(lines, VersionLine(version))
	}
	return Parse(lines, Dynamic, rules)
}

// VersionLine is the line that a version in the name of a file stands for.
func VersionLine(version int64) Property {
	return Property{Key: "version", Value: hexadecimal(version)}
}

// File is the text of a dynamic file: a line a member, group and weight, sorted by their bytes. The
// version belongs into its name.
func (c *Config) File() []byte {
	lines := strings.Split(strings.TrimSuffix(string(c.appendMembers(nil)), "\n"), "\n")
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n"))
}

// Code is the error code with which a reconfig is answered whose text is wrong in this way.
func Code(err error) jute.ErrorCode {
	switch {
	case err == nil:
		return jute.OK
	case errors.Is(err, ErrText):
		return jute.BadArguments
	}
	return jute.MarshallingError
}
