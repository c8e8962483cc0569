package history

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Dump writes everything down that clients did, in the order in which they sent it, and what they
// were told, for who looks for the reason of a violation.
func (h *History) Dump(out io.Writer) error {
	type line struct {
		at   time.Duration
		text string
	}
	var all []line
	for _, s := range h.Sessions {
		for _, o := range s.Ops {
			outcome := [...]string{"unanswered", "ok", fmt.Sprint(o.Code)}[o.Outcome]
			text := fmt.Sprintf("%v client %d %v v%d %s %s", s.ID, s.Client, o, o.Stat.Version,
				outcome, strings.Join(o.Paths, " "))
			all = append(all, line{o.Sent, text})
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	for _, s := range h.Sessions {
		for _, e := range s.Events {
			all = append(all, line{0, fmt.Sprintf("%v client %d told %+v", s.ID, s.Client, e)})
		}
	}
	for _, l := range all {
		if _, err := fmt.Fprintf(out, "%9.6f %s\n", l.at.Seconds(), l.text); err != nil {
			return err
		}
	}
	return nil
}
