package lock

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"quoll/client"
	"quoll/client/recipes"
	"quoll/client/recipes/internal/hold"
)

// All takes several locks, or none. It takes them in the order of their paths, so that two who
// want the same locks do not wait for each other. The results are in the order of ms. Each lock can
// be lost alone.
func All(ctx context.Context, ms ...*Mutex) ([]*recipes.Held, error) {
	order := make([]int, len(ms))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return strings.Compare(ms[a].line.Path, ms[b].line.Path)
	})
	for i := 1; i < len(order); i++ {
		if path := ms[order[i]].line.Path; path == ms[order[i-1]].line.Path {
			return nil, hold.Wrap("lock all", path,
				fmt.Errorf("%w: the same lock twice", client.ErrBadArguments))
		}
	}
	held := make([]*recipes.Held, len(ms))
	for n, i := range order {
		h, err := ms[i].Lock(ctx)
		if err != nil {
			for n--; n >= 0; n-- {
				hold.Leave(ctx, held[order[n]])
			}
			return nil, err
		}
		held[i] = h
	}
	return held, nil
}
