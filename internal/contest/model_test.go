package contest

import (
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

func op(input any, call, back int64) porcupine.Operation {
	return porcupine.Operation{Input: input, Call: call, Return: back}
}

func TestModels(t *testing.T) {
	exclusive, two := Exclusive(nil).model, Shared(2, nil).model
	for name, c := range map[string]struct {
		model porcupine.Model
		ops   []porcupine.Operation
		ok    bool
	}{
		"in turns": {exclusive, []porcupine.Operation{
			op(taken{1}, 0, 1), op(written{1, 0, false}, 2, 3),
			op(taken{2}, 0, 5), op(written{2, 1, false}, 6, 7),
		}, true},
		"a write of the holder before": {exclusive, []porcupine.Operation{
			op(taken{1}, 0, 1), op(taken{2}, 2, 3), op(written{1, 0, false}, 4, 5),
		}, false},
		"a lower token": {exclusive, []porcupine.Operation{
			op(taken{2}, 0, 1), op(taken{1}, 2, 3),
		}, false},
		"a lost write": {exclusive, []porcupine.Operation{
			op(taken{1}, 0, 1), op(written{1, 0, false}, 2, 3), op(written{1, 0, false}, 4, 5),
		}, false},
		"a doubled write": {exclusive, []porcupine.Operation{
			op(taken{1}, 0, 1), op(written{1, 0, false}, 2, 3), op(written{1, 2, false}, 4, 5),
		}, false},
		"an unknown write that happened": {exclusive, []porcupine.Operation{
			op(taken{1}, 0, 1), op(written{1, 0, true}, 2, never), op(taken{2}, 4, 5),
			op(written{2, 1, false}, 6, 7),
		}, true},
		"one that did not": {exclusive, []porcupine.Operation{
			op(taken{1}, 0, 1), op(written{1, 0, true}, 2, never), op(taken{2}, 4, 5),
			op(written{2, 0, false}, 6, 7),
		}, true},
		"two leases": {two, []porcupine.Operation{
			op(leased{1}, 0, 1), op(leased{1}, 2, 3), op(leased{-1}, 4, 7), op(leased{1}, 5, 6),
		}, true},
		"three": {two, []porcupine.Operation{
			op(leased{1}, 0, 1), op(leased{1}, 2, 3), op(leased{1}, 4, 5), op(leased{-1}, 6, 7),
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.ok, porcupine.CheckOperations(c.model, c.ops))
		})
	}
}
