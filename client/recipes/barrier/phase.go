package barrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

const readyName = "ready"

// memberName is what Curator and kazoo call a member.
var memberName = regexp.MustCompile(
	`^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$`)

// phase is what a double barrier shows at one moment.
type phase struct {
	members []string // names of those who are there, sorted
	version int32    // of the barrier's node; each beginning changes it
	begun   bool
	round   []string // names of those whose phase it is, sorted; nil if that is not known
}

// look reads a phase.
func (d *Double) look(ctx context.Context) (phase, error) {
	for {
		names, stat, err := d.client.Children(ctx, d.path)
		if errors.Is(err, client.ErrNoNode) {
			return phase{}, nil
		}
		if err != nil {
			return phase{}, err
		}
		p := phase{version: stat.Version}
		for _, name := range names {
			switch {
			case name == readyName:
				p.begun = true
			case memberName.MatchString(name):
				p.members = append(p.members, name)
			default:
				return phase{}, fmt.Errorf("%w: %q, this is a double barrier",
					hold.ErrLayout, name)
			}
		}
		slices.Sort(p.members)
		if !p.begun {
			return p, nil
		}
		text, _, err := d.client.Get(ctx, d.readyPath())
		if errors.Is(err, client.ErrNoNode) {
			continue
		}
		if err != nil {
			return phase{}, err
		}
		// What others write there is no list of names.
		if json.Unmarshal(text, &p.round) != nil {
			p.round = nil
		}
		return p, nil
	}
}

// present are those of the round who are there.
func (p *phase) present() []string {
	var names []string
	for _, name := range p.members {
		if slices.Contains(p.round, name) {
			names = append(names, name)
		}
	}
	return names
}

// over says that nobody of the round is there any more.
func (p *phase) over() bool { return p.round != nil && len(p.present()) == 0 }
