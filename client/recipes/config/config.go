package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Revision is a configuration that was published.
type Revision struct {
	Number  int64 // 1 is the first
	Comment string
	Time    time.Time // of publication, by the publisher's clock
	dir     string
}

// pointer is what the node of a configuration says.
type pointer struct {
	Revision int64  `json:"revision"`
	Dir      string `json:"dir"`
}

// record is what the node of a revision says.
type record struct {
	Dir     string    `json:"dir"`
	Comment string    `json:"comment"`
	Time    time.Time `json:"time"`
}

const (
	revisionPrefix = "rev-"
	dataPrefix     = "data-"
)

func revisionPath(path string, number int64) string {
	return hold.Join(path, fmt.Sprintf("%s%010d", revisionPrefix, number))
}

// parsePointer reads the node of a configuration. One without data has no revision yet.
func parsePointer(data []byte) (p pointer, err error) {
	if len(data) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("%w: not the node of a configuration: %w", hold.ErrLayout, err)
	}
	if p.Revision < 1 || !strings.HasPrefix(p.Dir, dataPrefix) {
		return p, fmt.Errorf("%w: not the node of a configuration", hold.ErrLayout)
	}
	return p, nil
}

// revision reads what is said of a revision.
func revision(
	ctx context.Context, c *client.Client, path string, number int64,
) (Revision, error) {
	data, _, err := c.Get(ctx, revisionPath(path, number))
	if err != nil {
		return Revision{}, err
	}
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return Revision{}, fmt.Errorf("%w: revision %d: %w", hold.ErrLayout, number, err)
	}
	return Revision{Number: number, Comment: r.Comment, Time: r.Time, dir: r.Dir}, nil
}

// History returns all revisions, the oldest one first. A path without a configuration has none.
func History(ctx context.Context, c *client.Client, path string) ([]Revision, error) {
	data, _, err := c.Get(ctx, path)
	if errors.Is(err, client.ErrNoNode) {
		return nil, nil
	}
	var p pointer
	if err == nil {
		p, err = parsePointer(data)
	}
	var list []Revision
	for n := int64(1); err == nil && n <= p.Revision; n++ {
		var r Revision
		r, err = revision(ctx, c, path, n)
		if errors.Is(err, client.ErrNoNode) {
			err = nil // somebody has cleaned up
			continue
		}
		list = append(list, r)
	}
	return list, hold.Wrap("history of configuration", path, err)
}
