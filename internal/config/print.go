package config

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"quoll/jute"
)

// Effective is one setting with the value that is in force.
type Effective struct {
	Name    string
	Value   string // *** for a secret
	Source  string // "default", "zoo.cfg:12" or "-D"
	Verdict Verdict
	Reason  string
}

// Effective returns every setting, by theme. A family has one entry for each name
// that was set.
func (c *Config) Effective() []Effective {
	var all []Effective
	for i := range c.settings.keys {
		k := &c.settings.keys[i]
		if strings.HasSuffix(k.Name, "*") {
			for _, set := range c.settings.families() {
				if set.key == k {
					all = append(all, Effective{set.name, set.value, set.source,
						k.Verdict, k.Reason})
				}
			}
			continue
		}
		e := Effective{k.ID(), k.Default, "default", k.Verdict, k.Reason}
		if set := c.settings.get(k.ID()); set != nil {
			e.Value, e.Source = set.value, set.source
			if k.Kind == Hidden {
				e.Value = NewSecret(set.value).String()
			}
		}
		if k.into != nil {
			e.Value = k.show(c)
		}
		all = append(all, e)
	}
	return all
}

// families returns the settings of all families, in the order of their names.
func (s *settings) families() []*setting {
	var all []*setting
	for _, set := range s.set {
		if strings.HasSuffix(set.key.Name, "*") {
			all = append(all, set)
		}
	}
	slices.SortFunc(all, func(a, b *setting) int { return cmp.Compare(a.name, b.name) })
	return all
}

// show returns the field of a key in the form of zoo.cfg.
func (k *Key) show(c *Config) string {
	switch field := k.into(c).(type) {
	case *string:
		return *field
	case *Compression:
		return string(*field)
	case *Watermark:
		return string(*field)
	case *Transport:
		return string(*field)
	case *Secret:
		return field.String()
	case *[]string:
		return strings.Join(*field, ",")
	case *bool:
		switch k.Kind {
		case PropYes, PropNotNo:
			return map[bool]string{true: "yes", false: "no"}[*field]
		case OnOff:
			return map[bool]string{true: "on", false: "off"}[*field]
		}
		return strconv.FormatBool(*field)
	case *int:
		return strconv.Itoa(*field)
	case *int64:
		return strconv.FormatInt(*field/k.Unit.size(), 10)
	case *time.Duration:
		return strconv.FormatInt(int64(*field)/k.Unit.size(), 10)
	}
	return ""
}

// WriteCheck prints the settings that were written, or with all every setting, and
// behind them the warnings.
func (c *Config) WriteCheck(w io.Writer, all bool) error {
	var b strings.Builder
	for _, e := range c.Effective() {
		if !all && e.Source == "default" {
			continue
		}
		line := fmt.Sprintf("%-44s %-24s %-16s %s", e.Name, e.Value, e.Source, e.Verdict)
		if e.Reason != "" && (all || e.Verdict != Honoured) {
			line += ": " + e.Reason
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if c.Ensemble() {
		b.WriteString(c.aboutMembers() + "\n")
	}
	for _, warning := range c.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Live has the facts about its configuration that only a running server knows.
type Live struct {
	ClientPort   int   // the kernel has chosen it if clientPort is 0; -1: there is none
	DataDirBytes int64 // size of the files in the snapshot directory
	LogDirBytes  int64 // size of the files in the log directory
}

// WriteConf prints the answer to the four letter word conf.
func (c *Config) WriteConf(w io.Writer, live Live) error {
	_, err := fmt.Fprintf(w, "clientPort=%d\nsecureClientPort=%d\n"+
		"dataDir=%s\ndataDirSize=%d\ndataLogDir=%s\ndataLogSize=%d\n"+
		"tickTime=%d\nmaxClientCnxns=%d\nminSessionTimeout=%d\nmaxSessionTimeout=%d\n"+
		"clientPortListenBacklog=%d\nserverId=%d\n%s",
		live.ClientPort, -1,
		versioned(c.Storage.DataDir), live.DataDirBytes,
		versioned(c.Storage.DataLogDir), live.LogDirBytes,
		c.Sessions.TickTime.Milliseconds(), c.Network.MaxPerAddress,
		c.Sessions.MinTimeout.Milliseconds(), c.Sessions.MaxTimeout.Milliseconds(),
		c.Network.Backlog, c.sessionServer(), c.confOfMember())
	return err
}

func (c *Config) sessionServer() int64 {
	if c.Ensemble() {
		return c.Quorum.ServerID
	}
	return 0
}

// confOfMember is what conf prints of a member of an ensemble behind the rest.
func (c *Config) confOfMember() string {
	if !c.Ensemble() {
		return ""
	}
	q := &c.Quorum
	me, _ := q.Members.Member(jute.PeerID(q.ServerID))
	var election, quorum []string
	for _, a := range me.Addresses {
		election = append(election, strconv.Itoa(a.Election().Port))
		quorum = append(quorum, strconv.Itoa(a.Quorum().Port))
	}
	peerType := 0
	if me.Observer {
		peerType = 1
	}
	return fmt.Sprintf("initLimit=%d\nsyncLimit=%d\nelectionAlg=3\nelectionPort=%s\n"+
		"quorumPort=%s\npeerType=%d\nmembership: \n%s", q.InitLimitTicks, q.SyncLimitTicks,
		strings.Join(election, "|"), strings.Join(quorum, "|"), peerType, q.Members)
}

// versioned is the absolute path of the directory version-2 in dir.
func versioned(dir string) string {
	full := filepath.Join(dir, "version-2")
	if filepath.IsAbs(dir) {
		return full
	}
	if abs, err := filepath.Abs(full); err == nil {
		return abs
	}
	return full
}
