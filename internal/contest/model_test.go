package contest

import (
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"quoll/client/recipes/queue"
)

func op(input any, call, back int64) porcupine.Operation {
	return porcupine.Operation{Input: input, Call: call, Return: back}
}

func TestModels(t *testing.T) {
	exclusive, two := Exclusive(nil).model, Shared(2, nil).model
	counting, handing := Counting(nil).model, Handing(nil).model
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
		"sums": {counting, []porcupine.Operation{
			op(counted{1}, 0, 1), op(counted{3}, 2, 6), op(counted{2}, 3, 5),
		}, true},
		"a sum behind a higher one": {counting, []porcupine.Operation{
			op(counted{2}, 0, 1), op(counted{1}, 2, 3),
		}, false},
		"a sum twice": {counting, []porcupine.Operation{
			op(counted{1}, 0, 3), op(counted{1}, 1, 4),
		}, false},
		"a sum left out": {counting, []porcupine.Operation{
			op(counted{1}, 0, 1), op(counted{3}, 2, 3),
		}, false},
		"an unknown one that happened": {counting, []porcupine.Operation{
			op(counted{}, 0, never), op(counted{1}, 2, 3), op(counted{3}, 4, 5),
		}, true},
		"one that did not happen": {counting, []porcupine.Operation{
			op(counted{}, 0, never), op(counted{1}, 2, 3), op(counted{2}, 4, 5),
		}, true},
		"an item": {handing, []porcupine.Operation{
			op(handed{"a", false}, 0, 9), op(handed{"b", false}, 1, never),
			op(handed{"b", true}, 2, 3), op(handed{"a", true}, 4, 5),
		}, true},
		"an item that was taken twice": {handing, []porcupine.Operation{
			op(handed{"a", false}, 0, 1), op(handed{"a", true}, 2, 3), op(handed{"a", true}, 2, 4),
		}, false},
		"an item that nobody has put": {handing, []porcupine.Operation{
			op(handed{"a", true}, 2, 3),
		}, false},
		"an item that was put later": {handing, []porcupine.Operation{
			op(handed{"a", true}, 2, 3), op(handed{"a", false}, 4, 5),
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.ok, porcupine.CheckOperations(c.model, c.ops))
		})
	}
}

func TestItems(t *testing.T) {
	for name, happen := range map[string]func(i *items){
		"twice":     func(i *items) { i.have("1", "taken"); i.have("1", "taken") },
		"by nobody": func(i *items) { i.have("2", "taken") },
		"after all": func(i *items) {
			i.have("1", "acknowledged")
			i.deliver(&queue.Item[string]{Value: "1"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := &items{
				put: map[string]bool{"1": true}, had: map[string]bool{},
				held: map[string]*queue.Item[string]{},
			}
			happen(i)
			require.ErrorIs(t, i.wrong, ErrViolated)
		})
	}
}
