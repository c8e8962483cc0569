package naming

import (
	"context"
	"errors"
	"fmt"

	"quoll/client"
	"quoll/client/recipes/internal/hold"
)

// Unique returns prefix with ten digits behind it that no other call for the path gets, whatever
// its prefix. Numbers may be left out. After 2³¹-1 names the error is recipes.ErrFull.
//
// The numbers are versions of the node: whoever deletes it makes them begin again.
func Unique(ctx context.Context, c *client.Client, path, prefix string) (string, error) {
	name, err := unique(ctx, c, path, prefix)
	return name, hold.Wrap("unique name", path, err)
}

func unique(ctx context.Context, c *client.Client, path, prefix string) (string, error) {
	for {
		stat, err := c.Set(ctx, path, nil, client.AnyVersion)
		switch {
		case err == nil && stat.Version < 0:
			return "", fmt.Errorf("%w: all names were given", hold.ErrFull)
		case err == nil:
			return fmt.Sprintf("%s%010d", prefix, stat.Version), nil
		case errors.Is(err, client.ErrNoNode):
			err = hold.Ensure(ctx, c, path, client.World())
		default:
			// A write that was not answered has taken a number, or not. Nobody gets it then.
			err = hold.Again(ctx, c, err)
		}
		if err != nil {
			return "", err
		}
	}
}
