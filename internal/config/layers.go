package config

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"quoll/internal/config/spelling"
	ensemble "quoll/quorum/config"
)

// A setting is a value that was written, and the place where it was written.
type setting struct {
	key    *Key
	name   string // as written in zoo.cfg: "server.1" where the key is "server.*"
	value  string // trimmed
	source string // "zoo.cfg:12" or "-D"
	asked  bool   // set by -D as a system property, so that a line of zoo.cfg wins
}

// settings holds the values that were set. Layers are added from the lowest to the
// highest: system properties of -D, then zoo.cfg, then -D with a key of zoo.cfg.
type settings struct {
	keys []Key
	set  map[string]*setting // by Key.ID, or by name in a family
	// byName and byProperty find keys. Keys of a family are found by their prefix.
	byName, byProperty map[string]*Key
	warnings           []Warning
	lines              []ensemble.Property // of zoo.cfg, and of -D with a key of zoo.cfg
}

func newSettings() *settings {
	s := &settings{
		keys:       Keys(),
		set:        map[string]*setting{},
		byName:     map[string]*Key{},
		byProperty: map[string]*Key{},
	}
	for i := range s.keys {
		k := &s.keys[i]
		if k.Name != "" {
			s.byName[k.Name] = k
		}
		if k.Property != "" {
			s.byProperty[k.Property] = k
		}
		if k.Alias != "" {
			s.byProperty[k.Alias] = k
		}
	}
	return s
}

// get returns the setting of a key, or nil if it was not set.
func (s *settings) get(id string) *setting { return s.set[id] }

func (s *settings) warn(key, source, format string, args ...any) {
	s.warnings = append(s.warnings, Warning{key, source, fmt.Sprintf(format, args...)})
}

// named finds the key that a name in zoo.cfg means, or nil.
func (s *settings) named(name string) *Key {
	if k := s.byName[name]; k != nil && !strings.HasSuffix(name, "*") {
		return k
	}
	for i := range s.keys {
		family, ok := strings.CutSuffix(s.keys[i].Name, "*")
		if ok && strings.HasPrefix(name, family) {
			return &s.keys[i]
		}
	}
	return nil
}

// property finds the key that a system property sets, and the name in zoo.cfg that
// would have the same effect.
func (s *settings) property(property string) (*Key, string) {
	if k := s.byProperty[property]; k != nil {
		return k, k.ID()
	}
	name, ok := strings.CutPrefix(property, prefix)
	if !ok {
		return nil, ""
	}
	if k := s.named(name); k != nil && k.Property != "" && strings.HasSuffix(k.Name, "*") {
		return k, name
	}
	return nil, ""
}

// file adds the lines of zoo.cfg.
func (s *settings) file(path string, lines []ensemble.Property) {
	for _, p := range lines {
		source := fmt.Sprintf("%s:%d", filepath.Base(path), p.Line)
		s.line(ensemble.Trim(p.Key), ensemble.Trim(p.Value), source)
	}
}

// line adds one line of zoo.cfg, or a -D with a key of zoo.cfg.
func (s *settings) line(name, value, source string) {
	k := s.named(name)
	if k == nil {
		s.lines = append(s.lines, ensemble.Property{Key: name})
		s.warn(name, source, "%s", s.unknown(name))
		return
	}
	s.lines = append(s.lines, memberLine(k, name, value))
	id := k.ID()
	if strings.HasSuffix(k.Name, "*") {
		id = name
	}
	switch old := s.set[id]; {
	case old == nil || old.value == value:
	case old.asked:
		s.warn(id, old.source, "the line in %s wins, as in Apache", source)
	case source != "-D":
		s.warn(id, old.source, "stands in %s again, and the last one holds, as in Apache", source)
	}
	s.set[id] = &setting{k, name, value, source, false}
}

// memberLine is a line as package quorum/config gets it. A line that is not about members has no
// value, because that package needs only its name, and the value may be a secret.
func memberLine(k *Key, name, value string) ensemble.Property {
	switch k.Name {
	case "server.*", "group*", "weight*", "version":
		return ensemble.Property{Key: name, Value: value}
	}
	return ensemble.Property{Key: name}
}

// unknown returns the warning about a name that is no key.
func (s *settings) unknown(name string) string {
	if k := s.byProperty[name]; k != nil && k.Name == "" {
		return "has no effect in zoo.cfg, as in Apache: give it as -D " + name + "=..."
	}
	if bare, ok := strings.CutPrefix(name, prefix); ok && s.named(bare) != nil {
		return "has no effect in zoo.cfg, as in Apache: write " + bare + ", without the prefix"
	}
	if near := spelling.Nearest(name, append(s.names(), numbered(name)...)); near != "" {
		return "no such setting; did you mean " + near + "?"
	}
	return "no such setting"
}

// numbered returns the names of families that end in the number that a name ends in.
func numbered(name string) []string {
	dot := strings.LastIndexByte(name, '.')
	if _, err := strconv.Atoi(name[dot+1:]); dot < 0 || err != nil {
		return nil
	}
	return []string{"server" + name[dot:], "group" + name[dot:], "weight" + name[dot:]}
}

// names returns the names of all keys but families.
func (s *settings) names() []string {
	var all []string
	for i := range s.keys {
		if id := s.keys[i].ID(); !strings.HasSuffix(id, "*") {
			all = append(all, id)
		}
	}
	return all
}

// defines adds the system properties among the values of -D. They are the lowest
// layer, so defines runs before file. It returns the values that have a key of
// zoo.cfg; these are the highest layer and are added behind file.
func (s *settings) defines(defines []string) (lines []ensemble.Property) {
	for _, d := range defines {
		name, value, _ := strings.Cut(d, "=")
		name, value = ensemble.Trim(name), ensemble.Trim(value)
		if k, id := s.property(name); k != nil {
			if name == k.Alias && name != k.Property && s.set[id] != nil {
				continue // the newer name of the same setting wins
			}
			s.set[id] = &setting{k, id, value, "-D", true}
			continue
		}
		if s.named(name) != nil {
			lines = append(lines, ensemble.Property{Key: name, Value: value})
			continue
		}
		s.warn(name, "-D", "%s", s.unknownProperty(name))
	}
	return lines
}

func (s *settings) unknownProperty(name string) string {
	if bare, ok := strings.CutPrefix(name, prefix); ok {
		if k := s.named(bare); k != nil {
			return "is not read as a system property: write -D " + bare + "=..."
		}
		if s.byProperty[bare] != nil {
			return "has no effect, as in Apache: write -D " + bare + "=..., without the prefix"
		}
		if near := spelling.Nearest(bare, s.names()); near != "" {
			return "no such setting; did you mean " + near + "?"
		}
		return "no such setting"
	}
	if near := spelling.Nearest(name, s.names()); near != "" {
		return "no such setting; did you mean " + near + "?"
	}
	return "no such setting"
}
