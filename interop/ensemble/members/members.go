package members

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"quoll/interop/apache"
	"quoll/interop/process"
	"quoll/interop/tap"
)

// Kind is whose server a member is.
type Kind uint8

// The kinds.
const (
	Apache Kind = iota
	Quoll
)

func (k Kind) String() string {
	if k == Quoll {
		return "Quoll"
	}
	return "Apache"
}

// Spec says what one member is.
type Spec struct {
	Kind     Kind
	Observer bool
	// Weightless is a voter whose vote has weight 0.
	Weightless bool
	// Config adds lines to zoo.cfg, Props are system properties; see process.Options.
	Config map[string]string
	Props  map[string]string
}

// ParseSpecs reads a mixture: a letter a member, beginning with id 1; a is one of Apache's servers
// and q is ours. A capital letter is an observer.
func ParseSpecs(mixture string) ([]Spec, error) {
	var all []Spec
	for _, letter := range mixture {
		s := Spec{Observer: letter == 'A' || letter == 'Q'}
		switch letter {
		case 'a', 'A':
		case 'q', 'Q':
			s.Kind = Quoll
		default:
			return nil, fmt.Errorf("mixture %q: a member is a, q, A or Q", mixture)
		}
		all = append(all, s)
	}
	return all, nil
}

// Options are those of a whole ensemble.
type Options struct {
	Dir      string // where the members' directories and logs are made
	Binary   string // ours
	TickTime int    // ms; 0: 500
	JVM      []string
	Props    map[string]string // of every member; Spec.Props come first
	Tap      bool              // members reach each other's quorum ports through taps
}

// Ensemble is some members that know each other.
type Ensemble struct {
	Members []*Member // Members[i] has id i+1
	options Options
	apache  process.Command
	taps    []*tap.Tap
	hook    atomic.Pointer[func(tap.Packet)]
	mu      sync.Mutex // guards the running process of each member
}

// Member is one server of an ensemble, running or not.
type Member struct {
	ID int
	Spec
	Client, Quorum, Election int // ports
	Home                     string
	LogFile                  string
	server                   *process.Server // nil: not running
	paused                   bool
	starts                   int
	tapped                   int // port of the tap before Quorum
}

// New makes the members' directories. Nothing runs yet.
func New(ctx context.Context, o Options, specs []Spec) (*Ensemble, error) {
	if o.TickTime == 0 {
		o.TickTime = 500
	}
	if o.JVM == nil {
		o.JVM = []string{
			"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
			"-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
			"-Dorg.slf4j.simpleLogger.showDateTime=true",
			"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
			"-Dorg.slf4j.simpleLogger.showShortLogName=true",
			"-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.quorum.LearnerHandler=debug",
			"-Dzookeeper.jmx.log4j.disable=true",
		}
	}
	e := &Ensemble{options: o}
	var err error
	if e.apache, err = apache.Command(ctx); err != nil && !errors.Is(err, apache.ErrNoJava) {
		return nil, err
	}
	ports := process.NewPorts()
	for i, spec := range specs {
		m := &Member{ID: i + 1, Spec: spec}
		if spec.Kind == Apache && err != nil {
			return nil, err
		}
		for _, p := range []*int{&m.Client, &m.Quorum, &m.Election, &m.tapped} {
			if *p, err = ports.Port(); err != nil {
				return nil, err
			}
		}
		m.Home = filepath.Join(o.Dir, fmt.Sprint(m.ID))
		m.LogFile = m.Home + ".log"
		if err := m.clean(); err != nil {
			return nil, err
		}
		e.Members = append(e.Members, m)
	}
	if o.Tap {
		return e, e.tap()
	}
	return e, nil
}

// clean gives the member an empty directory.
func (m *Member) clean() error {
	if err := os.RemoveAll(m.Home); err != nil {
		return fmt.Errorf("member %d: %w", m.ID, err)
	}
	if err := os.MkdirAll(m.Home, 0o755); err != nil {
		return fmt.Errorf("member %d: %w", m.ID, err)
	}
	err := os.WriteFile(filepath.Join(m.Home, "myid"), fmt.Append(nil, m.ID), 0o644)
	if err != nil {
		return fmt.Errorf("member %d: %w", m.ID, err)
	}
	return nil
}

// Empty takes away what a member that does not run has on disk.
func (e *Ensemble) Empty(id int) error { return e.Member(id).clean() }

// Member is the one with an id.
func (e *Ensemble) Member(id int) *Member { return e.Members[id-1] }

// Addr is where clients connect.
func (m *Member) Addr() string { return fmt.Sprintf("127.0.0.1:%d", m.Client) }

func (m *Member) String() string {
	role := ""
	if m.Observer {
		role = " observer"
	}
	return fmt.Sprintf("%d (%v%s)", m.ID, m.Kind, role)
}

// settings are the lines of a member's zoo.cfg beside those that each server has. initLimit and
// syncLimit are those of Apache's sample.
func (e *Ensemble) settings(m *Member) map[string]string {
	lines := map[string]string{
		"tickTime": fmt.Sprint(e.options.TickTime), "initLimit": "10", "syncLimit": "5",
		"maxSessionTimeout": "60000",
	}
	var voters []string
	weightless := false
	for _, o := range e.Members {
		quorum := o.Quorum
		if e.options.Tap && o != m {
			quorum = o.tapped
		}
		line := fmt.Sprintf("127.0.0.1:%d:%d", quorum, o.Election)
		if o.Observer {
			line += ":observer"
		} else {
			voters = append(voters, fmt.Sprint(o.ID))
		}
		lines[fmt.Sprintf("server.%d", o.ID)] = line
		weightless = weightless || o.Weightless
	}
	if weightless {
		lines["group.1"] = strings.Join(voters, ":")
		for _, o := range e.Members {
			if !o.Observer {
				lines[fmt.Sprintf("weight.%d", o.ID)] = fmt.Sprint(1 - bit(o.Weightless))
			}
		}
	}
	if m.Observer {
		lines["peerType"] = "observer"
	}
	maps.Copy(lines, m.Config)
	return lines
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// props are a member's system properties.
func (e *Ensemble) props(m *Member) map[string]string {
	all := maps.Clone(e.options.Props)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, m.Props)
	return all
}
